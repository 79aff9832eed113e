"""Deployments that sources report: stored once each, and listed before an incident with what the APIs say."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.systems import ChangeKind, RecentChange, change_key
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.installation import ReportedChanges
from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookRequest, NewHook
from cogs.hooks.use_cases import HookProcessing
from cogs.suspects.rules import ChangeSource
from cogs.suspects.sources import reported_changes
from tests.cogs.hooks.sending import add, tables, with_tables
from tests.cogs.suspects.acts import read_from, sources_of, stored_card
from tests.corpus.hook_requests import examples
from tests.services.desk import GUILD, Desk

_STATUS = next(one.body for one in examples() if one.name == "github/deployment_status_success")
_NAME = "Codertocat/Hello-World"


async def reported(desk: Desk, source: str, *bodies: Mapping[str, Any]) -> None:
    """What a source sends is processed."""
    headers = {"x-github-event": "deployment_status"} if source == "github" else {}
    hooks = [NewHook(GUILD, source, None, HookRequest(headers, json.dumps(body).encode())) for body in bodies]
    await add(desk, hooks)
    events = desk.services.alert_events
    await HookProcessing(desk.own_store, desk.policy, events, READERS, guild_id=GUILD).process(source)


def status(desk: Desk, state: str, *, minutes: float = 10) -> dict[str, Any]:
    """GitHub's published request about a deployment that was begun so many minutes ago."""
    body: dict[str, Any] = json.loads(json.dumps(_STATUS))
    body["deployment_status"]["state"] = state
    body["deployment"]["created_at"] = (desk.clock.time - timedelta(minutes=minutes)).isoformat()
    return body


async def changes(desk: Desk, guild_id: int = GUILD) -> list[tuple[str, str, str]]:
    """What was reported in the last two hours."""
    now = desk.clock.time
    found = await ReportedChanges(desk.store.sql).between(guild_id, now - timedelta(hours=2), now)
    return [(one.what, one.where, one.state) for one in found]


@pytest.fixture
def listening(desk: Desk) -> Desk:
    """A desk whose only source of changes is the hooks, and one of them reports deployments alone."""
    rules = tables(desk.policy)["github"]
    sender = replace(rules.sender, name="deploys")
    deploys = replace(rules, sender=sender, format=HookFormat.JSON, reports_deployments=True)
    desk.policy = with_tables(desk.policy, deploys=deploys)
    read_from(desk, reported_changes(desk.own_store.sql, GUILD))
    return desk


async def test_a_deployment_has_the_last_state_that_says_how_it_went(listening: Desk) -> None:
    """A deployment that was pending and then succeeded is listed once, as a success.

    A report that the deployment is inactive does not hide how it ended. Another guild sees nothing of the
    deployment.
    """
    desk = listening
    for state in ("pending", "success", "inactive"):
        await reported(desk, "github", status(desk, state))
    assert await changes(desk) == [("master (f95f852)", "Hello-World production", "success")]
    assert await changes(desk, guild_id=GUILD + 1) == []


async def test_a_script_reports_what_it_deploys_and_opens_no_alert(listening: Desk) -> None:
    """A script's reports of a deployment are one change, with the last state, and open no alert."""
    desk = listening
    said = {"title": "api v1.2", "target": "api.parky.co.jp", "status": "success", "key": "42"}
    await reported(desk, "deploys", said, {**said, "status": "failed"}, {"title": "lp", "key": "43"})
    assert sorted(await changes(desk)) == [("api v1.2", "api.parky.co.jp", "failed"), ("lp", "", "")]
    assert await IncidentRows(desk.store.sql).open_incidents(GUILD) == []


async def test_an_incident_lists_what_was_reported_before_it(listening: Desk) -> None:
    """An incident's card lists the recent deployments that hooks reported before it, without a token."""
    desk = listening
    old = status(desk, "success", minutes=200)
    old["deployment"]["id"] = 5
    await reported(desk, "github", old, status(desk, "success", minutes=7))
    incident = await desk.open("SEV1")
    await desk.work()
    card = await stored_card(desk, incident.id)
    assert card is not None
    assert [one.what for one in card.changes] == ["master (f95f852)"]


async def test_no_card_says_that_nothing_changed_if_only_hooks_would_know(listening: Desk) -> None:
    """If only hooks report deployments, a lack of recent reports proves nothing, and no card is posted."""
    desk = listening
    await reported(desk, "github", status(desk, "success", minutes=200))
    incident = await desk.open("SEV1")
    await desk.work()
    assert await stored_card(desk, incident.id) is None


async def test_a_deployment_that_the_api_lists_too_is_shown_once(listening: Desk) -> None:
    """A deployment that a webhook reports and the API lists is shown once, with the webhook's state."""
    desk = listening
    await reported(desk, "github", status(desk, "success"))
    number = _STATUS["deployment"]["id"]

    async def listed(_since: Any, _until: Any) -> list[RecentChange]:
        key = change_key("github", _NAME, "deployment", number)
        at = desk.clock.time - timedelta(minutes=10)
        return [RecentChange(kind=ChangeKind.DEPLOYMENT, what="by the API", at=at, key=key)]

    read_from(desk, ChangeSource("github_deployments", listed), *sources_of(desk))
    incident = await desk.open("SEV1")
    await desk.work()
    card = await stored_card(desk, incident.id)
    assert card is not None
    assert [(one.what, one.state, one.key) for one in card.changes] == [("by the API", "success", "")]
