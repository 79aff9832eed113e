"""Show that the bot asks for a further announcement once per state after the first, and at the end."""

import pytest

from bot.domain.errors import InvalidTransition
from bot.domain.incident.incident import Incident, Phase, UsersAffected, number_label
from cogs.announcements.rules import AnnouncementState, FollowUpNotice
from cogs.announcements.use_cases import AnnouncementUseCases
from tests.cogs.announcements.acts import (
    affected,
    approved,
    edited,
    edition,
    lines,
    opened,
    published,
    update,
)
from tests.services.desk import PRIMARY, SECONDARY, Desk


async def asked(desk: Desk, incident: Incident) -> list[tuple[str, str]]:
    """Return, for each line that asks for a follow-up, the state last told and the state to tell."""
    await desk.work()
    found = [FollowUpNotice.from_json(one.data) for one in await lines(desk, incident, "follow_up")]
    return [(one.told.value, one.state.value) for one in found]


async def test_each_later_state_asks_once(desk: Desk) -> None:
    """A state that users do not know yet asks for a follow-up once; the published state asks for none."""
    incident = await affected(desk)
    await published(desk, incident)
    for number, phase in enumerate((Phase.INVESTIGATING, Phase.IDENTIFIED, Phase.IDENTIFIED)):
        await update(desk, incident, phase=phase, known=f"{number}", key=f"update:{number}")
    assert await asked(desk, incident) == [("investigating", "identified")]
    view = await opened(desk, incident)
    assert (view.announcement.number, view.announcement.state) == (2, AnnouncementState.IDENTIFIED)


async def test_nothing_is_asked_before_users_were_told(desk: Desk) -> None:
    """A draft that was never approved leads to no question about a follow-up."""
    incident = await affected(desk)
    await opened(desk, incident)
    await update(desk, incident, phase=Phase.IDENTIFIED)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert await asked(desk, incident) == []


async def test_the_end_asks_for_the_closing_words_and_a_reopening_for_new_ones(desk: Desk) -> None:
    """A resolved incident asks for a closing announcement, and a reopened one for another announcement.

    Once users know that the incident is over, no draft can be opened until the incident is reopened.
    """
    incident = await affected(desk)
    await published(desk, incident)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    assert await asked(desk, incident) == [("investigating", "resolved")]
    closing = await published(desk, incident)
    assert closing.state is AnnouncementState.RESOLVED
    with pytest.raises(InvalidTransition, match="announcement_over"):
        await opened(desk, incident)
    await desk.lifecycle.reopen(incident.id, by=SECONDARY)
    assert (await asked(desk, incident))[1:] == [("resolved", "reopened")]
    assert "再び発生" in (await opened(desk, incident)).announcement.texts["x"].ja


async def test_a_false_alarm_is_taken_back(desk: Desk) -> None:
    """Cancelling a published incident asks for an announcement that it is resolved."""
    incident = await affected(desk)
    await published(desk, incident)
    await desk.lifecycle.cancel(incident.id, by=PRIMARY, reason="誤報")
    assert await asked(desk, incident) == [("investigating", "resolved")]


async def test_users_who_are_not_affected_any_more_are_told(desk: Desk) -> None:
    """A follow-up is asked for when users are no longer affected, though the incident goes on."""
    incident = await affected(desk)
    await published(desk, incident)
    await update(desk, incident, users=UsersAffected.NO)
    assert await asked(desk, incident) == [("investigating", "monitoring")]


async def test_the_incident_that_goes_on_tells_the_users_of_its_duplicate(desk: Desk) -> None:
    """The duplicate asks for nothing, and its users are not forgotten."""
    duplicate = await affected(desk)
    await published(desk, duplicate)
    other = await desk.open("SEV1", key="other")
    await desk.merging.merge(duplicate.id, into=other.id, by=PRIMARY)
    assert await asked(desk, duplicate) == []
    await desk.lifecycle.resolve(other.id, by=PRIMARY)
    assert await asked(desk, other) == [("investigating", "resolved")]
    view = await opened(desk, other)
    assert (view.announcement.number, view.announcement.state) == (1, AnnouncementState.RESOLVED)


async def test_a_merge_asks_the_incident_that_goes_on(desk: Desk) -> None:
    """If users were told of a state that the incident that goes on is not in, it asks at once.

    It also goes on for the users of a duplicate of its duplicate.
    """
    first = await affected(desk)
    await update(desk, first, phase=Phase.MONITORING)
    await published(desk, first)
    second = await desk.open("SEV1", key="second")
    await desk.merging.merge(first.id, into=second.id, by=PRIMARY)
    assert await asked(desk, second) == [("monitoring", "investigating")]
    third = await desk.open("SEV1", key="third")
    await desk.merging.merge(second.id, into=third.id, by=PRIMARY)
    assert await asked(desk, third) == [("monitoring", "investigating")]


async def test_a_merged_incident_drafts_nothing(desk: Desk) -> None:
    """Users are told nothing about a duplicate any more, least of all that it is over.

    A draft from before the merge is not edited, renewed or approved either. The refusal names the other one.
    """
    duplicate = await affected(desk)
    await published(desk, duplicate)
    await update(desk, duplicate, phase=Phase.IDENTIFIED)
    draft = (await opened(desk, duplicate)).announcement
    other = await desk.open("SEV1", key="other")
    await desk.merging.merge(duplicate.id, into=other.id, by=PRIMARY)
    for act in (
        opened(desk, duplicate),
        edited(desk, draft),
        desk.services.of(AnnouncementUseCases).drafts.redraft(edition(draft), by=PRIMARY),
        approved(desk, draft),
    ):
        with pytest.raises(InvalidTransition, match="announcement_merged") as refused:
            await act
        assert refused.value.fields["other"] == number_label(other.id)
    assert (await opened(desk, other)).announcement.state is AnnouncementState.INVESTIGATING


async def test_words_that_were_late_ask_for_more_at_once(desk: Desk) -> None:
    """The state had moved on before they were published."""
    incident = await affected(desk)
    await opened(desk, incident)
    draft = (await opened(desk, incident)).announcement
    await update(desk, incident, phase=Phase.IDENTIFIED)
    await approved(desk, draft)
    assert await asked(desk, incident) == [("investigating", "identified")]
