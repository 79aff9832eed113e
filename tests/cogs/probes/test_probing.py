"""Probes on PostgreSQL: what is asked when, and which alerts follow, exactly once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType

import pytest
import pytest_asyncio

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import ConfigError, StorageUnavailable
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.domain.incident.transitions import AckVia
from bot.domain.systems import HttpTarget
from bot.runbook import default_policy_text, parse_policy
from bot.storage.tables.incidents import IncidentRows
from cogs.probes.rules import PROBER, ProbeRules, Probes, ProbeState, ProbeStatus
from cogs.probes.store import ProbeStates
from cogs.probes.use_cases import ProbeUseCases, Probing
from tests.cogs.probes.prober import good, prober, slow, unreachable, wrong
from tests.services.desk import RESPONDER, Desk


def probe(name: str, **changes: object) -> ProbeRules:
    """A probe of a host of its own."""
    url = f"https://{name}.example.com/health"
    return replace(ProbeRules(name, name, HttpTarget(url), "SEV1"), **changes)  # type: ignore[arg-type]


def use(desk: Desk, *probes: ProbeRules) -> None:
    """Give the desk's policy these probes, as after a start."""
    desk.policy = desk.policy.with_rules(Probes(MappingProxyType({one.name: one for one in probes})))
    desk.use(desk.discord)


def probing(desk: Desk) -> Probing:
    """What asks the targets."""
    return desk.services.of(ProbeUseCases).probing


def states(desk: Desk) -> ProbeStates:
    """The rows."""
    return ProbeStates(desk.store.sql, desk.guild_id)


async def turn(desk: Desk, *, seconds: float = 60, begun: bool = True) -> None:
    """Let an interval pass, and ask what is due then."""
    if not begun:
        await probing(desk).tick()
    await desk.database.advance(timedelta(seconds=seconds))
    for _ in range(20):
        before = len(prober(desk).asked)
        await probing(desk).tick()
        await probing(desk).drain()
        if len(prober(desk).asked) == before:
            return


async def alerts(desk: Desk) -> list[Incident]:
    """All tracked alerts, oldest first."""
    rows = await desk.database.pool.fetch("SELECT id FROM incidents WHERE kind = 'alert' ORDER BY id")
    found = [await IncidentRows(desk.store.sql).incident(row["id"]) for row in rows]
    assert all(one.kind is IncidentKind.ALERT for one in found)
    return found


async def status(desk: Desk, name: str) -> ProbeStatus:
    return next(one for one in await states(desk).all() if one.name == name)


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def begun(desk: Desk) -> None:
    """Two targets, and a first turn in which both answer."""
    use(desk, probe("api"), probe("dev", severity="SEV2"))
    await turn(desk, begun=False)


async def test_two_failures_in_a_row_open_one_alert_of_its_severity_and_two_answers_close_it(
    desk: Desk,
) -> None:
    """One lost packet is no outage; further failures are the same one."""
    prober(desk).says["api"] = wrong()
    await turn(desk)
    assert await alerts(desk) == []
    for _ in range(3):
        await turn(desk)
    (alert,) = await alerts(desk)
    assert (alert.severity, alert.targets, alert.status) == ("SEV1", ("api",), Status.TRIGGERED)
    assert "503" in alert.title
    assert alert.tracked.occurrences == 1
    await desk.work()
    assert len(desk.sent(DeliveryKind.ALERT)) == 1
    prober(desk).says["api"] = good()
    await turn(desk)
    assert (await alerts(desk))[0].status is Status.TRIGGERED
    await turn(desk)
    assert [one.status for one in await alerts(desk)] == [Status.RESOLVED]
    assert (await status(desk, "api")).state is ProbeState.UP


async def test_a_failure_between_answers_opens_nothing(desk: Desk) -> None:
    """Single failures between good answers open no alert, since an alert takes failures in a row."""
    for said in (wrong(), good(), wrong(), good()):
        prober(desk).says["dev"] = said
        await turn(desk)
    assert await alerts(desk) == []


async def test_an_acknowledged_alert_stays_with_its_responder_when_the_target_is_back(desk: Desk) -> None:
    """The recovery is a line on it."""
    prober(desk).says["api"] = wrong()
    await turn(desk, seconds=60)
    await turn(desk)
    (alert,) = await alerts(desk)
    await desk.acknowledger.acknowledge(alert.id, by=RESPONDER, via=AckVia.REACTION)
    prober(desk).says["api"] = good()
    await turn(desk)
    await turn(desk)
    (alert,) = await alerts(desk)
    assert alert.status is Status.ACKNOWLEDGED


async def test_a_restart_forgets_no_failure_and_opens_nothing_twice(desk: Desk) -> None:
    """Failures are counted across restarts, and an alert is opened only once."""
    prober(desk).says["api"] = wrong()
    await turn(desk)
    desk.use(desk.discord)
    await turn(desk)
    assert len(await alerts(desk)) == 1
    desk.use(desk.discord)
    await turn(desk)
    (alert,) = await alerts(desk)
    assert alert.tracked.occurrences == 1


@contextmanager
def dying(desk: Desk, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> Iterator[None]:
    """Let the process die before, or after, the alert of an event is committed."""
    events = desk.services.alert_events
    receive = events.receive_event

    async def die(*args: object) -> None:
        if after:
            await receive(*args)  # type: ignore[arg-type]
        raise StorageUnavailable("killed")

    with monkeypatch.context() as patch:
        patch.setattr(events, "receive_event", die)
        yield


@pytest.mark.parametrize("after", [False, True])
async def test_an_alert_is_tracked_once_whenever_the_process_dies(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    """A process that dies around the commit of a probe's alert leaves one alert with one occurrence.

    It may die between the probe's row and the alert, or between the alert and its mark in the row.
    """
    prober(desk).says["api"] = wrong()
    await turn(desk)
    with dying(desk, monkeypatch, after=after):
        await turn(desk)
    assert len(await alerts(desk)) == int(after)
    desk.use(desk.discord)
    await turn(desk)
    await turn(desk)
    (alert,) = await alerts(desk)
    assert alert.tracked.occurrences == 1


async def test_a_target_that_is_back_before_its_alert_was_tracked_still_says_both(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the bot dies before an alert is tracked and its target comes back, the alert ends as resolved.

    The failure and the return are both told, in their order, so that nothing stays open.
    """
    prober(desk).says["api"] = wrong()
    await turn(desk)
    with dying(desk, monkeypatch, after=False):
        await turn(desk)
    prober(desk).says["api"] = good()
    desk.use(desk.discord)
    await turn(desk)
    await turn(desk)
    assert [one.status for one in await alerts(desk)] == [Status.RESOLVED]


async def test_a_slow_target_is_degraded_and_warns_only_if_the_policy_says_how(desk: Desk) -> None:
    """A slow target opens an alert of its own severity if the policy has one, and a real outage raises it.

    Without such a severity, the target is only shown as degraded.
    """
    prober(desk).says = {"api": slow(), "dev": slow()}
    use(desk, probe("api", degraded="SEV3"), probe("dev", severity="SEV2"))
    await turn(desk)
    await turn(desk)
    assert [one.severity for one in await alerts(desk)] == ["SEV3"]
    assert (await status(desk, "dev")).state is ProbeState.DEGRADED
    prober(desk).says["api"] = wrong()
    await turn(desk)
    await turn(desk)
    assert [one.severity for one in await alerts(desk)] == ["SEV1"]
    prober(desk).says["api"] = slow()
    for _ in range(3):
        await turn(desk)
    found = await alerts(desk)
    assert found[0].status is Status.RESOLVED
    prober(desk).says["api"] = good()
    for _ in range(3):
        await turn(desk)
    assert {one.status for one in await alerts(desk)} == {Status.RESOLVED}


async def test_when_nothing_is_reached_one_alert_says_that_the_prober_reaches_nothing(desk: Desk) -> None:
    """If no target is reached, one alert without a target opens, with the highest severity of a probe.

    The alert is resolved by the first answer; a target that stays unreachable then has its own alert.
    """
    prober(desk).says = {"api": unreachable(), "dev": unreachable()}
    for _ in range(3):
        await turn(desk)
    (alert,) = await alerts(desk)
    assert (alert.severity, alert.targets) == ("SEV1", ())
    assert (await status(desk, "api")).state is ProbeState.CUT_OFF
    assert (await status(desk, PROBER)).state is ProbeState.CUT_OFF
    shown = await desk.services.of(ProbeUseCases).queries.states(desk.guild_id)
    assert shown.is_cut_off
    prober(desk).says = {"api": unreachable()}
    await turn(desk)
    await turn(desk)
    first, second = await alerts(desk)
    assert first.status is Status.RESOLVED
    assert (second.targets, second.status) == (("api",), Status.TRIGGERED)


async def test_two_targets_that_answer_wrongly_are_two_alerts(desk: Desk) -> None:
    """Two targets that answer wrongly open two alerts, since the network is not their common cause."""
    prober(desk).says = {"api": wrong(), "dev": wrong(403)}
    await turn(desk)
    await turn(desk)
    assert sorted(one.targets for one in await alerts(desk)) == [("api",), ("dev",)]


async def test_an_alert_that_a_person_ended_too_early_fires_again(desk: Desk) -> None:
    """Ten minutes later at the latest; an open one is counted."""
    prober(desk).says["api"] = wrong()
    await turn(desk)
    await turn(desk)
    (alert,) = await alerts(desk)
    await desk.lifecycle.resolve(alert.id, by=RESPONDER)
    for _ in range(11):
        await turn(desk)
    first, second = await alerts(desk)
    assert (first.status, second.status) == (Status.RESOLVED, Status.TRIGGERED)


async def test_a_request_that_never_ends_is_cut_and_holds_up_no_other(desk: Desk) -> None:
    """A probe that hangs is cut even if the prober itself does not cut it, and holds up no other probe."""
    use(desk, probe("api", timeout=timedelta(milliseconds=10)), probe("dev"))
    prober(desk).hangs.add("api")
    await turn(desk)
    found = await status(desk, "api")
    assert found.result is not None
    assert found.result.values == {"problem": "timeout"}
    assert (await status(desk, "dev")).state is ProbeState.UP


async def test_two_processes_ask_each_target_once_in_its_interval(desk: Desk) -> None:
    """While one process takes over from another, each target is asked only once in its interval."""
    prober(desk).asked.clear()
    await desk.database.advance(timedelta(seconds=60))
    first = probing(desk)
    desk.use(desk.discord)
    await first.tick()
    await probing(desk).tick()
    await first.drain()
    await probing(desk).drain()
    assert sorted(prober(desk).asked) == ["api", "dev"]


async def test_availability_counts_the_answers_of_a_day(desk: Desk) -> None:
    """A slow answer is one; what is older is forgotten."""
    for said in (wrong(), slow(), good()):
        prober(desk).says["api"] = said
        await turn(desk)
    shown = await desk.services.of(ProbeUseCases).queries.states(desk.guild_id)
    share = {one.rules.name: one.counts.availability for one in shown.probes}
    assert share == {"api": 0.75, "dev": 1.0}
    await desk.database.advance(timedelta(hours=26))
    await desk.services.of(ProbeUseCases).probing.tidy()
    assert await states(desk).counts() == {}


async def test_a_probe_that_left_the_policy_is_forgotten(desk: Desk) -> None:
    """A probe that is no longer in the policy is forgotten when the bot starts with that policy."""
    use(desk, probe("api"))
    await turn(desk)
    assert [one.name for one in await states(desk).all()] == [PROBER, "api"]


async def test_a_secret_in_what_a_probe_says_is_neither_stored_nor_shown(desk: Desk) -> None:
    """A target is called as the team likes, and its address may hold a token."""
    token = f"ghp_{'a1B2' * 9}"
    url = f"https://api.example.com/{token}"
    use(desk, probe("api", target=f"api {token}", http=HttpTarget(url)))
    prober(desk).says["api"] = replace(wrong(), url=url, name=f"api {token}")
    for _ in range(3):
        await turn(desk)
    await desk.work()
    (alert,) = await alerts(desk)
    assert alert.targets == ("api [masked:github_token]",)
    for table in ("incidents", "timeline", "alert_decisions", "alert_events", "deliveries", "audit"):
        found = await desk.database.pool.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} AS t")
        assert token not in (found or ""), table


async def test_the_alert_is_the_probes_teams(desk: Desk) -> None:
    """A probe with a team opens alerts of that team; an unknown team is refused by its place."""
    url = 'url = "https://x.example.com"\nseverity = "SEV1"'
    text = f'{default_policy_text()}[teams.payments]\n[probes.api]\n{url}\nteam = "payments"\n'
    desk.policy = parse_policy(text, name="x.toml")
    use(desk, *desk.policy.of(Probes).by_name.values())
    prober(desk).says["api"] = wrong()
    await turn(desk)
    await turn(desk)
    assert [alert.team for alert in await alerts(desk)] == ["payments"]
    with pytest.raises(ConfigError, match=r'probes\.api\.team: "payments" is not a team; allowed: "a"'):
        parse_policy(text.replace("[teams.payments]", "[teams.a]"), name="x.toml")
