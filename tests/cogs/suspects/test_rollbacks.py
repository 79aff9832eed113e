"""The decision whether to roll back: recorded with who, when and why; the last one counts."""

import asyncio
from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound, InvalidTransition, NotPermitted, UserError
from bot.domain.incident.incident import Incident
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from cogs.suspects.rules import RollbackEntry, RollbackNotice, SuspectEntryKind
from cogs.suspects.use_cases import NewRollback
from tests.cogs.suspects.acts import shown_look, suspects
from tests.services.desk import OBSERVER, PRIMARY, SECONDARY, Desk
from tests.services.timeline.test_timelines import of_kind

DECIDED = SuspectEntryKind.ROLLBACK_DECIDED
TOKEN = "ghp_" + "a1B2c3D4e5" * 3 + "F6g7H8"


async def decide(
    desk: Desk,
    incident: Incident,
    *,
    rolls_back: bool = True,
    by: Person = PRIMARY,
    key: str = "k",
    reason: str = "直後から 5xx",
) -> Incident:
    """As from the form."""
    new = NewRollback(rolls_back=rolls_back, reason=reason, key=key)
    return await suspects(desk).rollbacks.decide(incident.id, new, by=by)


async def decisions(desk: Desk, incident: Incident) -> list[tuple[str | None, bool]]:
    """Who has decided what, in order."""
    found = await of_kind(desk, incident, DECIDED)
    return [(one.actor_name, RollbackEntry.from_json(one.data or {}).rolls_back) for one in found]


async def test_a_decision_is_on_the_timeline_in_the_thread_and_with_the_incident(desk: Desk) -> None:
    """A decision to roll back is kept on the timeline, in the thread and with the incident, each once.

    A form that Discord delivers twice adds nothing, and the decision ticks its step of the sheet.
    """
    incident = await desk.open("SEV1")
    await desk.work()
    for _ in range(2):
        await decide(desk, incident)
    await desk.work()
    assert await decisions(desk, incident) == [("primary", True)]
    last = (await shown_look(desk, incident.id)).rollback
    assert last is not None
    assert (last.rolls_back, last.reason, last.by_name) == (True, "直後から 5xx", "primary")
    lines = [
        one
        for one in await DeliveryRows(desk.store.sql).posts(incident.id)
        if one.kind is DeliveryKind.NOTICE and one.data.get("notice") == RollbackNotice.name
    ]
    assert len(lines) == 1
    sheet = desk.policy.checklist("SEV1")
    assert sheet.done((await IncidentRows(desk.store.sql).incident(incident.id)).checks) == {1}
    (step,) = await of_kind(desk, incident, TimelineKind.STEP_DONE)
    assert step.actor_name == "primary"


async def test_a_secret_in_the_reason_is_masked_before_it_is_stored(desk: Desk) -> None:
    """A secret in the reason is masked in the timeline, the posts and the card; the card shows the rest."""
    incident = await desk.open("SEV1")
    await decide(desk, incident, reason=f"deploy に token={TOKEN} が入った")
    (entry,) = await of_kind(desk, incident, DECIDED)
    last = (await shown_look(desk, incident.id)).rollback
    said = [post.data for post in await DeliveryRows(desk.store.sql).posts(incident.id)]
    assert last is not None
    assert TOKEN not in f"{entry.data} {last.reason} {said}"
    assert last.reason.startswith("deploy に token=[masked:")
    assert last.reason.endswith("] が入った")


async def test_it_may_be_decided_again_and_the_last_one_counts(desk: Desk) -> None:
    """A rollback may be decided again: both decisions are on the timeline, and the last one counts.

    The step of the sheet is ticked once.
    """
    incident = await desk.open("SEV1")
    await decide(desk, incident, rolls_back=False, key="a")
    await decide(desk, incident, rolls_back=True, by=SECONDARY, key="b", reason="やはり deploy")
    assert await decisions(desk, incident) == [("primary", False), ("secondary", True)]
    last = (await shown_look(desk, incident.id)).rollback
    assert last is not None
    assert (last.rolls_back, last.by_name) == (True, "secondary")
    assert len(await of_kind(desk, incident, TimelineKind.STEP_DONE)) == 1


async def test_two_people_who_decide_at_once_are_both_recorded_in_order(desk: Desk) -> None:
    """Of two rollback decisions made at once, both are on the timeline, and the last one there counts."""
    incident = await desk.open("SEV1")
    await asyncio.gather(
        decide(desk, incident, rolls_back=True, by=PRIMARY, key="a"),
        decide(desk, incident, rolls_back=False, by=SECONDARY, key="b"),
    )
    found = await decisions(desk, incident)
    assert sorted(found, key=str) == [("primary", True), ("secondary", False)]
    last = (await shown_look(desk, incident.id)).rollback
    assert last is not None
    assert (last.by_name, last.rolls_back) == found[-1]


async def test_a_sheet_without_that_step_is_left_alone(desk: Desk) -> None:
    """The policy may not name one."""
    sheets = {name: replace(one, rollback_step=0) for name, one in desk.policy.first_response.items()}
    desk.policy = replace(desk.policy, first_response=MappingProxyType(sheets))
    desk.use(desk.discord)
    incident = await desk.open("SEV1")
    await decide(desk, incident)
    assert await of_kind(desk, incident, TimelineKind.STEP_DONE) == []
    assert await decisions(desk, incident) == [("primary", True)]


async def test_those_who_may_not_respond_cannot_decide(desk: Desk) -> None:
    """An observer can neither open the form of a rollback's decision nor send it."""
    incident = await desk.open("SEV1")
    with pytest.raises(NotPermitted):
        await suspects(desk).rollbacks.begin(incident.id, by=OBSERVER)
    with pytest.raises(NotPermitted):
        await decide(desk, incident, by=OBSERVER)


async def test_nothing_is_decided_without_a_reason_or_after_the_end(desk: Desk) -> None:
    """The answer says what to do."""
    incident = await desk.open("SEV1")
    with pytest.raises(UserError, match="rollback_unexplained"):
        await decide(desk, incident, reason=" \n ")
    await desk.lifecycle.cancel(incident.id, by=PRIMARY, reason="誤報")
    with pytest.raises(InvalidTransition):
        await suspects(desk).rollbacks.begin(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition):
        await decide(desk, incident)
    assert await decisions(desk, incident) == []


async def test_nothing_of_another_guild_is_found(desk: Desk) -> None:
    """An administrator of another guild neither decides about an incident nor sees what is like it."""
    incident = await desk.open("SEV1")
    elsewhere = Desk(desk.database, guild_id=desk.guild_id + 1)
    stranger = replace(PRIMARY, is_admin=True)
    with pytest.raises(IncidentNotFound):
        await decide(elsewhere, incident, by=stranger)
    with pytest.raises(IncidentNotFound):
        await suspects(elsewhere).seen_before.view(incident.id, by=stranger)
    assert await decisions(desk, incident) == []
