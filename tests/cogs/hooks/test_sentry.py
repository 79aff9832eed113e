"""Sentry's requests beyond the examples of its documentation."""

import json

from cogs.hooks.rules import HookRequest
from tests.corpus.hook_requests import examples

ALERT = next(one for one in examples() if one.name == "sentry/event_alert")


def test_an_alert_of_an_older_version_has_the_key_by_which_its_issue_is_resolved() -> None:
    """An alert of an older Sentry, which names its issue by an address only, has the key of that issue."""
    body = json.loads(json.dumps(ALERT.body))
    del body["data"]["event"]["issue_id"]
    (event,) = ALERT.read(HookRequest(ALERT.headers, json.dumps(body).encode()))
    assert event.key == "issue:1117540176"


def test_a_request_without_its_header_is_read_by_what_it_has() -> None:
    """A file that was saved from Sentry's list of deliveries has no headers."""
    (event,) = ALERT.read(HookRequest({}, ALERT.request.body))
    assert event.key == "issue:1117540176"
