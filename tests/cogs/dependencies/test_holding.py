"""Dependencies: what an incident holds, and what becomes of it at its end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.alerts.decisions import AlertOutcome, DecisionFilter, HeldAlert
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.runbook import default_policy_text, load_policy, parse_policy
from bot.services.alerts import arrivals
from bot.storage.tables.alerts import AlertDecisionRows
from bot.storage.tables.incidents import IncidentRows
from cogs.dependencies.rules import DependencyDelivery, dependants, holds_meanwhile, needed_through, too_low
from cogs.dependencies.store import DependantRows
from cogs.dependencies.use_cases import RELEASE_HELD, DependentAlerts
from tests.patience import PATIENCE_S
from tests.services.alerts.test_alerts import FIRST, alert
from tests.services.alerts.test_decisions import decided, outcomes
from tests.services.alerts.test_events import FIRING, OVER, SENTRY, fire, now, say
from tests.services.database import Database
from tests.services.desk import GUILD, PRIMARY, RESPONDER, Desk
from tests.services.outage.test_monitors_meanwhile import P0, away, back, posted
from tests.unit.domain.test_outage import T0, journal, watch

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
API, DB, DISK = "api.parky.co.jp", "db", "disk"
DB_DOWN = replace(FIRING, key="db", title="No connections", target=DB)
NEEDS = (
    f'\n[targets."{API}"]\ndepends_on = ["{DB}"]\n[targets.{DB}]\ndepends_on = ["{DISK}"]\n[targets.{DISK}]\n'
)


@pytest.fixture
def needing(database: Database) -> Desk:
    """Return a desk whose API depends on a database, which depends on a disk."""
    return Desk(database, parse_policy(default_policy_text() + NEEDS, name="needing"))


def test_only_an_urgent_incident_holds_an_urgent_alert() -> None:
    """An alert to acknowledge today is not held by an incident that waits for the next business day."""
    severities = load_policy(None).severities
    held_back = {name: too_low(one, severities.values()) for name, one in severities.items()}
    assert held_back == {"SEV1": {"SEV3"}, "SEV2": {"SEV3"}, "SEV3": frozenset()}


async def opened(desk: Desk) -> list[Incident]:
    """Return the open incidents."""
    return await IncidentRows(desk.store.sql).open_incidents(GUILD)


async def shown(desk: Desk, incident: Incident) -> Incident:
    """Return the incident as its posts show it."""
    found = await IncidentRows(desk.store.sql).shown_incident(incident.id)
    assert found is not None
    return found


def test_dependencies_lead_through_others() -> None:
    """What a target needs is found through others, each once."""
    depends_on = {"a": ("b", "c"), "b": ("d",), "c": ("d",)}
    assert needed_through(["a"], depends_on) == ("b", "c", "d")
    assert needed_through(["d"], depends_on) == ()


def test_the_mirror_holds_what_needs_an_open_incident_of_the_team() -> None:
    """While the database is away an incident of what is needed holds, a drill or a private one never."""
    depends_on = {API: (DB,), DB: (DISK,)}
    alert = HeldAlert(
        severity="SEV1",
        title="5xx",
        targets=(API,),
        started_at=T0,
        by_id=0,
        by_name="",
        key="k",
        fingerprint="",
    ).as_incident(GUILD, None, began=T0)
    for needed in (DB, DISK):
        cause = replace(watch(), targets=(needed.upper(),))
        assert holds_meanwhile(alert, journal(cause), depends_on)
        assert not holds_meanwhile(alert, journal(cause), depends_on, besides={cause.severity})
        for hidden in (replace(cause, is_drill=True), replace(cause, is_private=True)):
            assert not holds_meanwhile(alert, journal(hidden), depends_on)
    assert not holds_meanwhile(alert, journal(watch()), depends_on)


async def test_what_waits_for_the_morning_holds_nothing_urgent(needing: Desk) -> None:
    """A SEV3 of the database, which pages nobody yet, holds a SEV3 of the API but no SEV1."""
    desk = needing
    cause = await fire(desk, 1, replace(DB_DOWN, severity="SEV3"))
    assert cause.severity == "SEV3"
    assert await say(desk, replace(FIRING, key="low", severity="SEV3"), 2) is None
    assert (await fire(desk, 3, replace(FIRING, severity="fatal"))).severity == "SEV1"
    await desk.work()
    assert desk.sent(DeliveryKind.PAGE) == ["person:primary"]
    assert desk.sent(DependencyDelivery.HELD_QUIETLY) == []
    urgent = await fire(desk, 4, replace(DB_DOWN, key="db2", title="Replication"))
    assert await say(desk, replace(FIRING, key="other", severity="fatal"), 5) is None
    assert len(dependants(await shown(desk, cause)).waiting) == 1
    assert len(dependants(await shown(desk, urgent)).waiting) == 1


async def test_a_dependant_is_counted_and_rings_nobody(needing: Desk) -> None:
    """While an incident of the database is open, alerts of the API are counted there and page nobody."""
    desk = needing
    cause = await fire(desk, 1, DB_DOWN)
    await desk.work()
    pages = len(desk.sent(DeliveryKind.PAGE))
    for number in (2, 3):
        assert await say(desk, FIRING, number) is None
    assert await say(desk, replace(FIRING, key="other", title="Slow"), 4) is None
    await desk.work()
    assert len(desk.sent(DeliveryKind.PAGE)) == pages
    assert await opened(desk) == [await now(desk, cause)]
    assert len(desk.sent(DependencyDelivery.DEPENDANTS)) == 1
    known = dependants(await shown(desk, cause))
    assert (known.alerts, known.times, len(known.waiting)) == (2, 3, 2)
    held = await decided(desk, AlertOutcome.DEPENDS)
    assert [one.held_by for one in held] == [cause.id] * 3


async def test_a_second_look_holds_what_names_its_target_otherwise(needing: Desk) -> None:
    """While the cause goes on, an alert that only its title or a capital gives away stays held."""
    desk = needing
    cause = await fire(desk, 1, DB_DOWN)
    for number, (key, target) in enumerate((("a", API.upper()), ("b", None)), 2):
        await say(desk, replace(FIRING, key=key, title=f"{API} is slow ({key})", target=target), number)
    assert len(dependants(await shown(desk, cause)).waiting) == 2
    await desk.services.of(DependentAlerts).run_job(cause.id)
    assert [one.id for one in await opened(desk)] == [cause.id]
    assert len(dependants(await shown(desk, cause)).waiting) == 2


async def test_what_still_fires_at_the_end_is_tracked(needing: Desk) -> None:
    """At the end of the cause a dependant that is over opens nothing, and one that fires is tracked, once."""
    desk = needing
    cause = await fire(desk, 1, replace(DB_DOWN, target=DISK))
    await say(desk, FIRING, 2)
    await say(desk, FIRING, 3)
    other = replace(FIRING, key="other", title="Slow")
    await say(desk, other, 4)
    await desk.pass_time(minutes=1)
    await say(desk, replace(other, says=OVER.says), 5)
    await say(desk, replace(DB_DOWN, says=OVER.says), 6)
    await desk.work()
    [incident] = await opened(desk)
    waited = incident.tracked.waited
    assert waited is not None
    assert (incident.title, waited.incident, incident.tracked.occurrences) == (FIRING.title, cause.id, 2)
    await desk.services.of(DependentAlerts).run_job(cause.id)
    assert [one.id for one in await opened(desk)] == [incident.id]
    known = dependants(await shown(desk, cause))
    assert (known.alerts, known.tracked, known.waiting) == (2, 1, ())


async def test_another_incident_of_the_cause_holds_it_further(needing: Desk) -> None:
    """When one of two incidents of the database ends, the other one holds the dependant."""
    desk = needing
    cause = await fire(desk, 1, DB_DOWN)
    other = await fire(desk, 2, replace(DB_DOWN, key="db2", title="Replication"))
    await say(desk, FIRING, 3)
    await say(desk, replace(DB_DOWN, says=OVER.says), 4)
    await desk.work()
    assert [one.id for one in await opened(desk)] == [other.id]
    assert dependants(await shown(desk, cause)).waiting == ()
    assert len(dependants(await shown(desk, other)).waiting) == 1


async def test_a_person_tracks_one_by_itself(needing: Desk) -> None:
    """A person with the permission opens a held alert, once; later ones are counted on it."""
    desk = needing
    cause = await fire(desk, 1, DB_DOWN)
    await say(desk, FIRING, 2)
    [held] = dependants(await shown(desk, cause)).waiting
    alerts = desk.services.of(DependentAlerts)
    with pytest.raises(NotPermitted):
        await alerts.track_apart(
            cause.id, held.fingerprint, guild_id=GUILD, by=Person(id=99, name="stranger")
        )
    mine = await alerts.track_apart(cause.id, held.fingerprint, guild_id=GUILD, by=RESPONDER)
    with pytest.raises(UserError, match="held_alert_gone"):
        await alerts.track_apart(cause.id, held.fingerprint, guild_id=GUILD, by=PRIMARY)
    assert (await fire(desk, 3)).id == mine.id
    rows = await desk.database.fetch("SELECT action FROM audit WHERE action = 'alert_tracked_apart'")
    assert len(rows) == 1
    await desk.work()
    assert len(desk.sent(DeliveryKind.PAGE)) == 2


async def test_the_highest_severity_is_posted_quietly(needing: Desk) -> None:
    """A held alert of the highest severity is posted once in its channel, and rings nobody."""
    desk = needing
    await fire(desk, 1, DB_DOWN)
    for number in (2, 3):
        await say(desk, replace(FIRING, severity="fatal"), number)
    await desk.work()
    assert desk.sent(DependencyDelivery.HELD_QUIETLY) == ["channel:p0-alerts"]
    assert len(desk.sent(DeliveryKind.PAGE)) == 1


async def test_the_quiet_line_goes_where_the_incident_would(needing: Desk) -> None:
    """The channel that the policy wants for the source comes first, then that of the source's team."""
    team = '[teams.payments]\nchannel = "payments-alerts"\n'
    desk = Desk(needing.database, parse_policy(default_policy_text() + NEEDS + team, name="needing"))
    await fire(desk, 1, DB_DOWN)
    fatal = replace(FIRING, severity="fatal")
    of_team = replace(SENTRY, team="payments")
    await say(desk, fatal, 2, sender=of_team)
    await say(desk, replace(fatal, key="2"), 3, sender=replace(of_team, channel="p2-deploys"))
    await desk.work()
    held = desk.sent(DependencyDelivery.HELD_QUIETLY)
    assert held == ["channel:payments-alerts", "channel:p2-deploys"]
    await say(desk, replace(DB_DOWN, says=OVER.says), 4)
    await desk.work()
    assert sorted(desk.sent(DeliveryKind.ALERT)[1:]) == sorted(held)
    assert {one.team for one in await opened(desk)} == {"payments"}


async def test_without_dependencies_nothing_is_held(desk: Desk) -> None:
    """A policy without depends_on tracks every alert."""
    await fire(desk, 1, DB_DOWN)
    await fire(desk, 2)
    assert await outcomes(desk) == [AlertOutcome.TRACKED] * 2


async def test_others_and_private_incidents(needing: Desk) -> None:
    """An alert of another target is tracked; an incident that is private by now holds nothing, unnamed."""
    desk = needing
    cause = await fire(desk, 1, DB_DOWN)
    await fire(desk, 2, replace(FIRING, key="x", target="admin.parky.co.jp"))
    await say(desk, FIRING, 3)
    await desk.database.pool.execute("UPDATE incidents SET is_private = true WHERE id = $1", cause.id)
    page = await desk.services.alert_history.page(GUILD, DecisionFilter(), by=RESPONDER)
    assert page.shown[0].decision.held_by is None
    await desk.services.of(DependentAlerts).run_job(cause.id)
    [tracked] = [one for one in await opened(desk) if one.title == FIRING.title and one.targets == (API,)]
    assert (await fire(desk, 4)).id == tracked.id
    assert tracked.tracked.waited is not None
    assert tracked.tracked.waited.incident is None


@pytest.mark.parametrize("kind", ["is_drill", "is_private"])
async def test_a_drill_and_a_private_incident_hold_nothing(needing: Desk, kind: str) -> None:
    """What depends on the target of one is tracked as always, whatever the case of the target's letters."""
    desk = needing
    cause = await fire(desk, 1, replace(DB_DOWN, target=DB.upper()))
    assert await say(desk, FIRING, 2) is None
    await desk.database.pool.execute(f"UPDATE incidents SET {kind} = true WHERE id = $1", cause.id)
    await fire(desk, 3, replace(FIRING, key="other"))


async def test_what_is_held_while_the_incident_ends_is_not_lost(needing: Desk) -> None:
    """The end waits for what is being decided by the incident, and then finds it."""
    desk = needing
    cause = await fire(desk, 1, DB_DOWN)
    await say(desk, FIRING, 2)
    [held] = await decided(desk, AlertOutcome.DEPENDS)
    alert = replace(HeldAlert.from_json(held.held or {}), title="late", key="late", fingerprint="late")
    late = replace(held, said_id=held.said_id + 1, fingerprint="late", held=alert.to_json())
    async with desk.store.transaction() as tx:
        assert await DependantRows(tx.sql, GUILD).holder([DB], besides=()) == cause.id
        ending = asyncio.create_task(say(desk, replace(DB_DOWN, says=OVER.says), 9))
        async with asyncio.timeout(PATIENCE_S):
            while not (await desk.database.fetch(WAITS))[0]["count"]:  # the server tells nobody
                assert not ending.done()
                await asyncio.sleep(0)
        await AlertDecisionRows(tx.sql).decide(late)
    await ending
    await desk.work()
    assert {one.title for one in await opened(desk)} == {FIRING.title, "late"}


async def test_a_lost_job_is_found(needing: Desk) -> None:
    """What an incident held that has ended is found without its job."""
    desk = needing
    await fire(desk, 1, DB_DOWN)
    await say(desk, FIRING, 2)
    await say(desk, replace(DB_DOWN, says=OVER.says), 3)
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(hours=1))
    lost = await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    assert any(key.startswith(RELEASE_HELD) for key in lost)
    await desk.work()
    assert [one.title for one in await opened(desk)] == [FIRING.title]


async def test_a_lost_job_is_found_after_an_incident_was_made_private(needing: Desk) -> None:
    """It goes on, and holds nothing any more."""
    desk = needing
    cause = await fire(desk, 1, DB_DOWN)
    await say(desk, FIRING, 2)
    await desk.database.pool.execute("UPDATE incidents SET is_private = true WHERE id = $1", cause.id)
    await desk.database.lose_jobs()
    await desk.database.advance(timedelta(hours=1))
    lost = await desk.store.requeue_stuck(overdue=timedelta(minutes=1))
    assert f"{RELEASE_HELD}:{cause.id}" in lost


async def test_an_unacknowledged_incident_holds_during_an_outage(
    needing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the database, a P0 waits for an unacknowledged incident of what it needs; others page."""
    desk = needing
    monkeypatch.setattr(arrivals, "_HEED_S", 0.0)
    desk.discord.watching.append(alert(desk, FIRST - 1, "chatter", channel=P0))
    await fire(desk, 1, replace(DB_DOWN, severity="fatal"))
    await desk.work()
    await away(desk)
    await posted(desk, FIRST, f"{API} latency")
    assert desk.offline_alerter.posted == []
    await posted(desk, FIRST + 1, "owner.parky.co.jp latency")
    assert len(desk.offline_alerter.posted) == 2
    await back(desk)
    assert len(await decided(desk, AlertOutcome.DEPENDS)) == 1
