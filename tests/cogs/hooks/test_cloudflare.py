"""Cloudflare's notifications about deployments of Pages, which have no state of an alert."""

import json

import pytest

from bot.domain.alerts.events import AlertEvent
from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookRequest
from tests.corpus.hook_requests import rules_of


def read(event: object, project: str = "parky-lp") -> AlertEvent:
    """What a notification says that has one of the values of the policy's filter "event"."""
    data = {"project_name": project, "event": event}
    body = {"alert_type": "pages_event_alert", "policy_id": "7", "data": data, "ts": 1136214245}
    request = HookRequest({}, json.dumps(body).encode())
    [found] = READERS[HookFormat.CLOUDFLARE].parse(request, rules_of(HookFormat.CLOUDFLARE, {}))
    assert isinstance(found, AlertEvent)
    return found


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ("EVENT_DEPLOYMENT_STARTED", "chatter"),
        ("EVENT_DEPLOYMENT_FAILED", "firing"),
        ("EVENT_DEPLOYMENT_SUCCESS", "resolved"),
        ("of another kind", "firing"),
        (["EVENT_DEPLOYMENT_SUCCESS"], "firing"),
    ],
)
def test_a_deployment_alerts_unless_it_has_started_or_succeeded(event: object, says: str) -> None:
    """A failed deployment fires, a successful one resolves, and one that has started is chatter.

    A notification of an unknown kind fires, too.
    """
    assert read(event).says == says


def test_a_success_ends_the_alert_of_its_own_project() -> None:
    """A successful deployment has the fingerprint of its own project's failure, not of another project's."""
    failed, fine = read("EVENT_DEPLOYMENT_FAILED"), read("EVENT_DEPLOYMENT_SUCCESS")
    other = read("EVENT_DEPLOYMENT_SUCCESS", "parky-docs")
    assert failed.fingerprint("x") == fine.fingerprint("x") != other.fingerprint("x")
