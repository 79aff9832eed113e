"""How an incident was resolved: kept with the resolve, corrected later, one row whatever happens."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import InvalidTransition, NotPermitted, StorageUnavailable
from bot.domain.incident.parts import Aftermath
from bot.domain.timeline.entries import TimelineKind
from bot.services.incidents.details import NewResolution
from bot.storage.tables.incidents import IncidentRows, ResolutionRows
from bot.storage.tables.timeline import TimelineRows
from cogs.postmortem.rules import PostmortemDelivery
from cogs.postmortem.store import PostmortemRows
from tests.cogs.postmortem.acts import resolved, told
from tests.services.desk import OBSERVER, PRIMARY, SECONDARY, Desk
from tests.services.outcomes import kinds

SAID = NewResolution(
    cause=" 接続プールの枯渇\0 ",
    fix="rollback",
    impact="決済",
    people=120,
    duration=timedelta(minutes=45),
    key="interaction:9",
)


async def test_what_is_said_is_kept_with_the_resolve(desk: Desk) -> None:
    """What is said at the resolve is kept in a row, on the timeline, in audit and thread, and for posts."""
    incident = await resolved(desk, said=SAID)
    kept = await ResolutionRows(desk.store.sql).resolution(incident.id)
    assert kept is not None
    assert (kept.cause, kept.fix, kept.impact) == ("接続プールの枯渇", "rollback", "決済")
    assert (kept.people, kept.duration_s, kept.by_name, kept.at) == (120, 2_700, "primary", desk.clock.time)
    assert incident.aftermath.resolution == kept
    assert (await IncidentRows(desk.store.sql).shown_incident(incident.id)).aftermath.resolution == kept
    entry = (await TimelineRows(desk.store.sql).timeline(incident.id))[-1]
    assert entry.kind is TimelineKind.RESOLVED
    assert entry.data is not None
    assert entry.data["said"] == kept.to_json()
    [line] = await told(desk, "resolved")
    assert line.data["said"] == kept.to_json()
    [row] = [row for row in await desk.database.audit_rows() if row.action == "resolved"]
    assert (row.actor_id, row.data["said"]) == (PRIMARY.id, kept.to_json())


async def test_nothing_need_be_said(desk: Desk) -> None:
    """An incident is resolved without a word or with an empty form, and no resolution is stored."""
    for number, said in enumerate((None, NewResolution())):
        incident = await resolved(desk, said=said, key=str(number))
        assert await ResolutionRows(desk.store.sql).resolution(incident.id) is None
        assert incident.aftermath.resolution is None


async def test_the_same_interaction_resolves_once(desk: Desk) -> None:
    """Discord delivered it twice; another person's comes too late, and says who was first."""
    incident = await resolved(desk, said=SAID)
    again = await desk.lifecycle.resolve(incident.id, by=PRIMARY, stated=SAID)
    assert again.aftermath == incident.aftermath
    with pytest.raises(InvalidTransition, match="already_resolved"):
        await desk.lifecycle.resolve(incident.id, by=SECONDARY, stated=replace(SAID, key="interaction:10"))
    assert (await kinds(desk, incident.id)).count(TimelineKind.RESOLVED) == 1


async def test_a_failed_commit_keeps_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A resolve that fails to commit keeps neither the end nor the words nor a postmortem."""
    incident = await desk.open()

    async def fails(*_: object, **__: object) -> None:
        raise StorageUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr("bot.services.incidents.lifecycle.stop_ladder", fails)
        with pytest.raises(StorageUnavailable):
            await desk.lifecycle.resolve(incident.id, by=PRIMARY, stated=SAID)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).is_open
    assert await ResolutionRows(desk.store.sql).resolution(incident.id) is None
    assert await PostmortemRows(desk.store.sql).of(incident.id) is None


async def test_a_correction_is_told_once(desk: Desk) -> None:
    """The thread hears of it, the posts are edited, the row is replaced; the same again changes nothing."""
    incident = await resolved(desk, said=SAID)
    corrected = NewResolution(cause="DNS", left=frozenset({"fix", "impact", "people", "duration"}), key="i:2")
    result = await desk.services.resolutions.correct(incident.id, corrected, by=SECONDARY)
    assert result.changed
    kept = await ResolutionRows(desk.store.sql).resolution(incident.id)
    assert kept is not None
    assert (kept.cause, kept.fix, kept.people, kept.by_name) == ("DNS", "rollback", 120, "secondary")
    assert result.incident.aftermath == Aftermath(
        resolution=kept, postmortem=await PostmortemRows(desk.store.sql).of(incident.id)
    )
    await desk.work()
    assert desk.discord.refreshed[-1][0] == result.incident.version
    for said in (corrected, replace(corrected, key="i:3")):
        assert not (await desk.services.resolutions.correct(incident.id, said, by=SECONDARY)).changed
    assert len(await told(desk, "resolution_corrected")) == 1
    assert (await kinds(desk, incident.id)).count(TimelineKind.RESOLUTION_CORRECTED) == 1


async def test_two_who_correct_at_once_lose_nothing_of_each_other(desk: Desk) -> None:
    """Two people who correct a resolution at once both keep what they changed.

    A field that one person left as it was stays as the other person wrote it.
    """
    incident = await resolved(desk, said=SAID)
    others = frozenset({"impact", "people", "duration"})
    first = NewResolution(cause="DNS", left=others | {"fix"}, key="i:2")
    second = NewResolution(fix="再起動", left=others | {"cause"}, key="i:3")
    await desk.services.resolutions.correct(incident.id, first, by=PRIMARY)
    await desk.services.resolutions.correct(incident.id, second, by=SECONDARY)
    kept = await ResolutionRows(desk.store.sql).resolution(incident.id)
    assert kept is not None
    assert (kept.cause, kept.fix, kept.impact) == ("DNS", "再起動", "決済")


async def test_a_correction_may_say_what_was_left_out(desk: Desk) -> None:
    """A correction adds what nobody said at the end; the same correction again changes nothing."""
    incident = await resolved(desk)
    assert (await desk.services.resolutions.correct(incident.id, SAID, by=PRIMARY)).changed
    assert not (
        await desk.services.resolutions.correct(incident.id, replace(SAID, key="x"), by=PRIMARY)
    ).changed


async def test_who_may_not_resolve_may_not_correct(desk: Desk) -> None:
    """A person who may not resolve an incident may not correct its resolution; each refusal is in the audit.

    An open or cancelled incident has no resolution to correct.
    """
    incident = await resolved(desk, said=SAID)
    for attempt in (
        desk.services.resolutions.correct(incident.id, SAID, by=OBSERVER),
        desk.services.resolutions.require_resolved(incident.id, by=OBSERVER),
    ):
        with pytest.raises(NotPermitted):
            await attempt
    refused = [row for row in await desk.database.audit_rows() if not row.allowed]
    assert [(row.actor_id, row.data["act"]) for row in refused] == [(OBSERVER.id, "correct_resolution")] * 2
    await desk.lifecycle.reopen(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="not_resolved"):
        await desk.services.resolutions.correct(incident.id, SAID, by=PRIMARY)
    await desk.lifecycle.cancel(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="already_cancelled"):
        await desk.services.resolutions.require_resolved(incident.id, by=PRIMARY)


async def test_resolved_again_without_words_what_was_said_stays(desk: Desk) -> None:
    """The button of an older version asks for none; with words the row is replaced."""
    incident = await resolved(desk, said=SAID)
    for said, cause in ((None, "接続プールの枯渇"), (NewResolution(cause="DNS", key="i:5"), "DNS")):
        await desk.lifecycle.reopen(incident.id, by=PRIMARY)
        ended = await desk.lifecycle.resolve(incident.id, by=PRIMARY, stated=said)
        assert ended.aftermath.resolution is not None
        assert ended.aftermath.resolution.cause == cause
    rows = await desk.database.fetch("SELECT count(*) AS count FROM resolutions")
    assert rows[0]["count"] == 1


async def test_a_tracked_alert_keeps_the_words_without_a_thread(desk: Desk) -> None:
    """A drill does, too: it is practised as in earnest."""
    drill = await desk.open_drill()
    await desk.work()
    await desk.lifecycle.resolve(drill.id, by=PRIMARY, stated=SAID)
    await desk.work()
    assert await ResolutionRows(desk.store.sql).resolution(drill.id) is not None
    assert desk.sent(PostmortemDelivery.DM) == []
