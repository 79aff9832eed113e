"""Rounds of live checks about an incident: begun once, run once, shown in its thread, recorded once."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NotPermitted, UpstreamUnavailable, UserError
from bot.domain.incident.incident import Incident
from bot.domain.privacy import SETTLED
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.domain.timeline.entries import TimelineEntry
from bot.services.ports import Redrawn
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from cogs.checks.rules import CheckDelivery, CheckedEntry, CheckEntry, ChecksShown
from cogs.checks.store import CheckStore
from cogs.checks.use_cases import CheckUseCases
from tests.cogs.checks.checks import ScriptedCheck, ScriptedChecks
from tests.fakes.discord import FakeDiscord
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, Desk
from tests.services.privacy.test_privacy import secret

DOWN = CheckResult(
    system=SystemKind.HTTP,
    name="admin.parky.co.jp",
    state=SystemState.DOWN,
    fact=Fact.PROBLEM,
    values={"problem": "timeout"},
)


@pytest.fixture
def checks(desk: Desk) -> ScriptedChecks:
    """The systems of the desk's guild: one that is fine, one that is down."""
    made = ScriptedChecks([ScriptedCheck(), ScriptedCheck("admin.parky.co.jp", result=DOWN)])
    made.give(desk)
    return made


def shown_last(desk: Desk) -> ChecksShown:
    """What the message was last edited to."""
    return ChecksShown.from_json(desk.discord.checks[-1][1])


async def entries(desk: Desk, incident: Incident) -> list[TimelineEntry]:
    timeline = await TimelineRows(desk.store.sql).timeline(incident.id)
    return [each for each in timeline if each.kind is CheckEntry.CHECKED]


async def test_a_sev1_is_checked_by_itself_after_its_card(desk: Desk, checks: ScriptedChecks) -> None:
    """One message, the worst first; one entry with all results; nothing of it when it is opened."""
    incident = await desk.open()
    assert await CheckStore(desk.store.sql).last(incident) is None
    await desk.work()
    assert desk.sent(CheckDelivery.POST) == ["incident"]
    kinds = [kind for kind, _ in desk.discord.sent]
    assert kinds.index(DeliveryKind.THREAD_CARD) < kinds.index(CheckDelivery.POST)
    shown = shown_last(desk)
    assert [each.state for each in shown.results] == [SystemState.DOWN, SystemState.OK, SystemState.OK]
    assert [each.system for each in shown.results][-1] is SystemKind.DLQ
    assert (shown.asked_by, shown.unconfigured) == (None, (SystemKind.SENTRY,))
    assert shown.finished_at is not None
    assert checks.asked[0] == ("api.parky.co.jp",)
    (entry,) = await entries(desk, incident)
    assert entry.actor_name is None
    assert CheckedEntry.from_json(entry.data or {}).results[0] == DOWN


async def test_other_severities_and_teams_without_systems_are_not_checked(
    desk: Desk, checks: ScriptedChecks
) -> None:
    """No checks are posted for a severity that the policy leaves out, nor for a team without systems."""
    await desk.open("SEV3")
    await desk.work()
    checks.is_configured = False
    await desk.open(key="k2")
    await desk.work()
    assert desk.sent(CheckDelivery.POST) == []


@pytest.mark.usefixtures("checks")
async def test_a_drill_is_checked_too_since_checks_only_read(desk: Desk) -> None:
    """A drill gets its checks too, and their results are posted in the drill's thread."""
    await desk.open_drill(key="d")
    await desk.work()
    assert desk.sent(CheckDelivery.POST) == ["incident"]


@pytest.mark.usefixtures("checks")
async def test_a_person_may_check_again_after_ten_seconds(desk: Desk) -> None:
    """A responder may repeat the checks after ten seconds, and the results go into the same message.

    Each round is on the timeline with the person's name. A person without permission is refused.
    """
    incident = await desk.open()
    await desk.work()
    rounds = desk.services.of(CheckUseCases).rounds
    with pytest.raises(UserError):
        await rounds.again(incident.id, by=RESPONDER)
    await desk.pass_time(seconds=10)
    await rounds.again(incident.id, by=RESPONDER)
    await desk.work()
    assert len(desk.sent(CheckDelivery.POST)) == 1
    assert shown_last(desk).asked_by == RESPONDER.name
    assert [each.actor_name for each in await entries(desk, incident)] == [
        None,
        RESPONDER.name,
    ]
    await desk.pass_time(seconds=10)
    with pytest.raises(NotPermitted):
        await rounds.again(incident.id, by=OBSERVER)


async def test_the_command_posts_a_message_of_its_own_about_one_target(
    desk: Desk, checks: ScriptedChecks
) -> None:
    """Each use of the command posts a message of its own about one target.

    Pressing again edits the last message and keeps the target.
    """
    incident = await desk.open("SEV3")
    await desk.work()
    rounds = desk.services.of(CheckUseCases).rounds
    await rounds.ask(incident, by=RESPONDER, target="admin.parky.co.jp")
    await desk.work()
    await desk.pass_time(seconds=10)
    await rounds.ask(incident, by=RESPONDER, target="admin.parky.co.jp")
    await desk.work()
    await desk.pass_time(seconds=10)
    await rounds.again(incident.id, by=RESPONDER)
    await desk.work()
    assert len(desk.sent(CheckDelivery.POST)) == 2
    assert set(checks.asked) == {("admin.parky.co.jp",)}
    assert desk.discord.checks[-1][0].endswith(":checks:2")


@pytest.mark.usefixtures("checks")
async def test_a_round_whose_process_dies_is_run_again_and_recorded_once(desk: Desk) -> None:
    """The auditor finds it; a second run of an ended round only shows it."""
    cases = desk.use(desk.discord)
    incident = await desk.open()
    desk.discord.is_away = True  # the last edit is refused
    with pytest.raises(UpstreamUnavailable):
        await desk.work()
    desk.discord.is_away = False
    await desk.work()
    ended = await CheckStore(desk.store.sql).last(incident)
    assert ended is not None
    assert ended.finished_at is not None
    await cases.services.of(CheckUseCases).runs.run_job(incident.id)
    assert len(await entries(desk, incident)) == 1
    assert shown_last(desk).results == tuple(ended.results)


@pytest.mark.usefixtures("checks")
async def test_a_round_that_runs_in_two_processes_is_recorded_once(desk: Desk) -> None:
    """A round of checks that runs in two processes at once has one entry on the timeline."""
    cases = desk.use(desk.discord)
    incident = await desk.open("SEV3")
    await desk.work()
    await desk.services.of(CheckUseCases).rounds.ask(incident, by=RESPONDER)
    await asyncio.gather(*(cases.services.of(CheckUseCases).runs.run_job(incident.id) for _ in range(2)))
    assert len(await entries(desk, incident)) == 1


@pytest.mark.usefixtures("checks")
async def test_a_private_incidents_results_are_in_its_thread_alone(desk: Desk) -> None:
    """The results of the checks for a private incident are posted in its thread and nowhere else."""
    incident = await desk.incidents.open(secret(desk))
    await desk.work()
    private = await IncidentRows(desk.store.sql).incident(incident.id)
    assert [each.channel_id for each in desk.discord.posted(CheckDelivery.POST)] == [private.thread.id]
    assert desk.discord.checks


@pytest.mark.usefixtures("checks")
async def test_results_do_not_come_back_into_a_thread_that_was_made_private(desk: Desk) -> None:
    """A round of checks under way shows no results once its incident is made private.

    The message that it had edited is emptied and not edited again.
    """
    incident = await desk.open()
    await desk.work()
    await desk.pass_time(seconds=10)
    await desk.services.of(CheckUseCases).rounds.again(incident.id, by=RESPONDER)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    shown = len(desk.discord.checks)
    await desk.work()
    assert len(desk.discord.checks) == shown
    assert CheckDelivery.POST in desk.discord.redacted
    old = next(d for d in await desk.database.deliveries() if d.kind is CheckDelivery.POST)
    assert old.shown_version == SETTLED
    assert len(await entries(desk, incident)) == 2


class Crossing(FakeDiscord):
    """Calls *then* after each edit of the state of the systems."""

    then: Callable[[], Awaitable[object]] | None = None

    async def redraw(self, post: Delivery, shown: Redrawn) -> None:
        await super().redraw(post, shown)
        if self.then is not None:
            await self.then()


@pytest.mark.usefixtures("checks")
async def test_an_edit_that_crosses_with_making_it_private_is_emptied(desk: Desk) -> None:
    """A message with check results that is edited while its incident becomes private is emptied.

    Discord may have made the edit after the emptying.
    """
    discord = Crossing()
    desk.discord = discord
    cases = desk.use(discord)
    incident = await desk.open()
    await desk.work()
    await desk.pass_time(seconds=10)
    await desk.services.of(CheckUseCases).rounds.again(incident.id, by=RESPONDER)
    discord.then = lambda: desk.privacy.make_private(incident.id, by=PRIMARY)
    await cases.services.of(CheckUseCases).runs.run_job(incident.id)
    assert CheckDelivery.POST in discord.redacted
