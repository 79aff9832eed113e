"""How incidents were resolved, and their postmortems, as rows."""

from dataclasses import replace
from datetime import UTC, date, datetime

from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident
from bot.domain.incident.parts import Aftermath, Postmortem, PostmortemState, Resolution
from bot.storage.tables.incidents import IncidentRows, IncidentWrites, ResolutionRows
from cogs.postmortem.store import PostmortemRows, owed_postmortems
from tests.integration.storage.conftest import Rig
from tests.integration.storage.examples import GUILD, OLIVE, open_incident

AT = datetime(2026, 11, 24, 5, 50, tzinfo=UTC)
SAID = Resolution(
    cause="接続プールが枯渇した",
    fix="rollback",
    impact="決済",
    people=120,
    duration_s=2_700,
    by_id=OLIVE.id,
    by_name=OLIVE.name,
    at=AT,
)
OWED = Postmortem(
    state=PostmortemState.OWED,
    owner_id=OLIVE.id,
    owner_name=OLIVE.name,
    due_on=date(2026, 12, 1),
    remind_at=AT,
)


async def resolved(rig: Rig, *, key: str = "interaction:1", owed: Postmortem = OWED) -> Incident:
    """An incident that is resolved, with both rows."""
    incident = await open_incident(rig.store, key=key)
    async with rig.store.transaction() as tx:
        ended = transitions.resolve(
            await IncidentWrites(tx.sql).incident(incident.id, lock=True), by=OLIVE, at=AT
        )
        await IncidentWrites(tx.sql).save(ended)
        await ResolutionRows(tx.sql).save_resolution(ended, SAID)
        await PostmortemRows(tx.sql).save(ended, owed)
    return ended


async def test_both_are_read_as_they_were_written(rig: Rig) -> None:
    """Resolution and postmortem are read as written, alone and with the incident that is to be shown.

    Another guild sees neither.
    """
    incident = await resolved(rig)
    assert await ResolutionRows(rig.store.sql).resolution(incident.id) == SAID
    assert await PostmortemRows(rig.store.sql).of(incident.id) == OWED
    shown = await IncidentRows(rig.store.sql).shown_incident(incident.id)
    assert shown.aftermath == Aftermath(resolution=SAID, postmortem=OWED)
    assert (await IncidentRows(rig.store.sql).incident(incident.id)).aftermath == Aftermath()
    other = rig.of(GUILD + 1)
    assert (
        await ResolutionRows(other.sql).resolution(incident.id),
        await PostmortemRows(other.sql).of(incident.id),
    ) == (
        None,
        None,
    )


async def test_the_second_write_replaces_the_first(rig: Rig) -> None:
    """A second write replaces the incident's resolution and postmortem."""
    incident = await resolved(rig)
    corrected = replace(SAID, cause="DNS", people=None, duration_s=None)
    done = replace(OWED, state=PostmortemState.DONE, remind_at=None, done_at=AT, done_by_name="GitHub")
    async with rig.store.transaction() as tx:
        await ResolutionRows(tx.sql).save_resolution(incident, corrected)
        await PostmortemRows(tx.sql).save(incident, done)
        assert await ResolutionRows(tx.sql).resolution(incident.id) == corrected
        assert await PostmortemRows(tx.sql).of(incident.id) == done
    assert (await IncidentRows(rig.store.sql).shown_incident(incident.id)).aftermath == Aftermath(
        resolution=corrected, postmortem=done
    )


async def test_what_is_owed_is_listed_by_date(rig: Rig) -> None:
    """Open postmortems of the guild are listed by due date, without completed or reopened ones."""
    late = await resolved(rig, key="1")
    early = await resolved(rig, key="2", owed=replace(OWED, due_on=date(2026, 11, 30)))
    await resolved(rig, key="3", owed=replace(OWED, state=PostmortemState.DONE))
    reopened = await resolved(rig, key="4")
    async with rig.store.transaction() as tx:
        await IncidentWrites(tx.sql).save(transitions.reopen(reopened, by=OLIVE, at=AT, next_update_at=None))
    found = await owed_postmortems(rig.store.sql, GUILD)
    assert [(one.incident.id, one.postmortem.due_on.day) for one in found] == [(early.id, 30), (late.id, 1)]
    assert await owed_postmortems(rig.store.sql, GUILD + 1) == []


async def test_words_that_postgresql_refuses_are_cleaned(rig: Rig) -> None:
    """NUL and half of a surrogate pair come from phones."""
    incident = await resolved(rig)
    async with rig.store.transaction() as tx:
        await ResolutionRows(tx.sql).save_resolution(incident, replace(SAID, cause="a\0b\ud800c"))
    found = await ResolutionRows(rig.store.sql).resolution(incident.id)
    assert found is not None
    assert "\0" not in found.cause
