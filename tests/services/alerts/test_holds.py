"""What capabilities hold back, whatever their reasons are."""

from dataclasses import replace
from datetime import datetime

import pytest

from bot.capability import AlertHold, Capability, capability_names
from bot.domain.alerts.decisions import AlertOutcome, AlertWindow, HeldAlert, HoldReason
from bot.domain.alerts.events import Occurrence
from bot.domain.incident.incident import NewIncident
from bot.domain.outage import Journal
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from bot.storage.database.sql import Sql
from bot.storage.transaction import Transaction
from tests.services.alerts.test_decisions import decided, outcomes
from tests.services.alerts.test_events import FIRING, fire, say
from tests.services.database import Database
from tests.services.desk import RESPONDER, Desk

_RULE = '\n[[alerts.rules]]\ntitle = "TypeError*"\nonly_after = 2\nwithin = "10m"\n'


def holding(outcome: AlertOutcome, target: str) -> Capability:
    """A capability that holds back the alerts about a target."""

    async def holds(_tx: Transaction, _policy: Policy, said: Occurrence) -> HoldReason | None:
        return HoldReason(outcome) if said.target == target else None

    return Capability(name=outcome, holds=[AlertHold(holds)])


async def test_the_first_hold_that_answers_counts_after_rules_and_thresholds(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision keeps the alert; one that nothing holds is tracked."""
    policy = parse_policy(default_policy_text() + _RULE, name="policy.toml")
    held, muted = holding(AlertOutcome.HELD, "app"), holding(AlertOutcome.MUTED, "api.parky.co.jp")
    also = holding(AlertOutcome.UNKNOWN, "api.parky.co.jp")
    monkeypatch.setattr("bot.runbook.model.installed", lambda: (held, muted, also))
    desk = Desk(database, replace(policy, guild_id=None, off=capability_names()))
    assert [await say(desk, FIRING, number) for number in (1, 2)] == [None, None]
    assert await outcomes(desk) == [AlertOutcome.BELOW, AlertOutcome.MUTED]
    latest = (await decided(desk, AlertOutcome.MUTED))[0]
    assert latest.held is not None
    assert (latest.window_id, HeldAlert.from_json(latest.held).title) == (None, FIRING.title)
    await fire(desk, 3, replace(FIRING, key="x", title="Slow", target="elsewhere"))


async def test_a_hold_is_asked_without_the_database_by_what_the_journal_has(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mirror reads the windows of each hold; each decides about an alert that comes meanwhile."""
    asked: list[tuple[str, ...]] = []

    async def never(_tx: Transaction, _policy: Policy, _said: Occurrence) -> None:
        return None

    async def windows(sql: Sql, guild_id: int) -> list[AlertWindow]:
        assert sql.guild_id == guild_id
        at = desk.clock.time
        return [AlertWindow(1, guild_id, "api", "", 3, "responder", began_at=at, ends_at=at)]

    def meanwhile(_policy: Policy, journal: Journal, new: NewIncident, _now: datetime) -> bool:
        asked.append(tuple(one.target for one in journal.windows))
        return new.title == "held"

    hold = AlertHold(never, windows=windows, holds_meanwhile=meanwhile)
    monkeypatch.setattr("bot.runbook.model.installed", lambda: (Capability(name="test", holds=[hold]),))
    desk.policy = replace(desk.policy, off=capability_names())
    desk.use(desk.discord)
    await desk.emergency.tick()
    new = NewIncident(
        guild_id=desk.guild_id,
        severity="SEV1",
        title="held",
        targets=(),
        symptoms=(),
        started_at=desk.clock.time,
        reported_by=RESPONDER,
        path=(),
        key="k",
    )
    assert not desk.emergency.pages_for(new)
    assert desk.emergency.pages_for(replace(new, title="other"))
    assert asked == [("api",), ("api",)]
