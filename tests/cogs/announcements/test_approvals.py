"""Show that users are told only what a person has approved: once, recorded, and without forbidden content."""

import asyncio
from dataclasses import replace

import pytest

from bot.domain.errors import IncidentNotFound, InvalidTransition, NotPermitted, RecordedRefusal, UserError
from bot.domain.incident.incident import Phase, Role, UsersAffected
from bot.storage.tables.incidents import IncidentRows
from cogs.announcements.posts import announced_line
from cogs.announcements.rules import (
    AnnouncedEntry,
    AnnouncementEntry,
    AnnouncementState,
    AnnouncementStatus,
    AnnouncementText,
    FindingKind,
    PublishedVia,
)
from cogs.announcements.store import Announcements
from cogs.announcements.use_cases import AnnouncementUseCases, Approval
from tests.cogs.announcements.acts import (
    WORDS,
    affected,
    approved,
    edited,
    edition,
    entries,
    lines,
    opened,
    published,
    update,
    with_private,
)
from tests.services.desk import OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk

ANNOUNCED = AnnouncementEntry.ANNOUNCED


async def test_the_draft_waits_for_whoever_opens_it(desk: Desk) -> None:
    """There is one draft however often it is opened, and opening it publishes nothing."""
    incident = await affected(desk)
    views = [await opened(desk, incident, by=by) for by in (PRIMARY, RESPONDER, PRIMARY)]
    draft = views[0].announcement
    assert all(one.announcement == draft for one in views)
    assert (draft.number, draft.version, draft.status) == (1, 1, AnnouncementStatus.DRAFT)
    assert (draft.state, draft.drafted_by.name) == (AnnouncementState.INVESTIGATING, "primary")
    assert views[0].findings == ()
    assert await entries(desk, incident, ANNOUNCED) == []


async def test_a_draft_follows_the_incident_until_a_person_edits_it(desk: Desk) -> None:
    """A draft follows the incident until a person edits it; then it stays, and is marked as outdated."""
    incident = await affected(desk)
    await opened(desk, incident)
    incident = await update(desk, incident, phase=Phase.IDENTIFIED, key="a")
    view = await opened(desk, incident)
    assert (view.announcement.state, view.announcement.version) == (AnnouncementState.IDENTIFIED, 2)
    view = await edited(desk, view.announcement)
    incident = await update(desk, incident, phase=Phase.MONITORING, key="b")
    again = await opened(desk, incident)
    assert again.announcement == view.announcement
    assert again.is_outdated
    fresh = await desk.services.of(AnnouncementUseCases).drafts.redraft(
        edition(again.announcement), by=PRIMARY
    )
    assert (fresh.announcement.state, fresh.announcement.edited_by) == (AnnouncementState.MONITORING, None)
    assert not fresh.is_outdated


async def test_what_was_copied_is_on_the_timeline_and_in_the_thread(desk: Desk) -> None:
    """A copied announcement is on the timeline with the approved words, the time and the person.

    The thread has one line about the announcement; the audit log has its draft, its edit and its approval.
    """
    incident = await affected(desk)
    view = await edited(desk, (await opened(desk, incident)).announcement)
    result = await approved(desk, view.announcement, by=SECONDARY)
    await desk.work()
    found = result.view.announcement
    assert (result.is_new, found.status, found.published_via) == (
        True,
        AnnouncementStatus.PUBLISHED,
        PublishedVia.COPY,
    )
    (entry,) = await entries(desk, incident, ANNOUNCED)
    said = AnnouncedEntry.from_json(entry.data or {}).said
    assert (entry.actor_name, entry.at, said.texts) == ("secondary", desk.clock.time, WORDS)
    assert len(await lines(desk, incident, "announced")) == 1
    shown = await desk.looking.view(incident.id, by=PRIMARY)
    (known,) = [read for line, read in shown.own if line.say is announced_line]
    assert known == await Announcements(desk.store.sql).of(incident.id)
    audit = await desk.database.pool.fetch(
        "SELECT action, actor_name FROM audit WHERE action LIKE 'announce%' ORDER BY id"
    )
    assert [(row["action"], row["actor_name"]) for row in audit] == [
        ("announcement_drafted", "primary"),
        ("announcement_edited", "responder"),
        ("announced", "secondary"),
    ]


async def test_two_people_who_approve_at_once_publish_once(desk: Desk) -> None:
    """Two approvals at once publish the text once, and the second person is told who did it."""
    incident = await affected(desk)
    draft = (await opened(desk, incident)).announcement
    results: list[Approval] = await asyncio.gather(
        *(approved(desk, draft, by=by) for by in (PRIMARY, SECONDARY))
    )
    await desk.work()
    assert sorted(one.is_new for one in results) == [False, True]
    first, second = (one.view.announcement.approved_by for one in results)
    assert first == second
    assert len(await entries(desk, incident, ANNOUNCED)) == 1
    assert len(await lines(desk, incident, "announced")) == 1


async def test_an_approval_is_for_the_words_that_were_seen(desk: Desk) -> None:
    """Approving or editing a version that has changed since is refused."""
    incident = await affected(desk)
    draft = (await opened(desk, incident)).announcement
    await edited(desk, draft)
    for act in (approved(desk, draft), edited(desk, draft, x=AnnouncementText("別", "other"))):
        with pytest.raises(InvalidTransition, match="announcement_moved"):
            await act
    assert await entries(desk, incident, ANNOUNCED) == []


async def test_a_form_that_comes_twice_is_kept_once(desk: Desk) -> None:
    """Discord delivers it again when it did not hear the answer."""
    incident = await affected(desk)
    draft = (await opened(desk, incident)).announcement
    first, second = [(await edited(desk, draft)).announcement for _ in range(2)]
    assert first == second
    assert first.version == 2


async def test_a_published_one_is_not_edited(desk: Desk) -> None:
    """The next words are a new announcement."""
    incident = await affected(desk)
    done = await published(desk, incident)
    with pytest.raises(InvalidTransition, match="announcement_published"):
        await edited(desk, done)
    view = await opened(desk, incident)
    assert (view.announcement.number, view.last) == (2, done)


async def test_the_person_who_communicates_approves(desk: Desk) -> None:
    """Any responder may approve until there is a communicator; then only the communicator may."""
    incident = await affected(desk)
    view = await opened(desk, incident, by=SECONDARY)
    assert view.other_approvers == ()
    await desk.roles.take(incident.id, Role.COMMUNICATOR, by=RESPONDER)
    view = await opened(desk, incident, by=SECONDARY)
    assert view.other_approvers == ("responder",)
    with pytest.raises(RecordedRefusal, match="announcement_not_theirs"):
        await approved(desk, view.announcement, by=SECONDARY)
    assert (await approved(desk, view.announcement, by=RESPONDER)).is_new


async def test_strangers_neither_see_nor_approve(desk: Desk) -> None:
    """A person without the responder role sees no draft, and only the policy's approvers may approve."""
    incident = await affected(desk)
    with pytest.raises(NotPermitted):
        await opened(desk, incident, by=OBSERVER)
    draft = (await opened(desk, incident)).announcement
    with pytest.raises(NotPermitted):
        await desk.services.of(AnnouncementUseCases).drafts.seen(edition(draft), by=OBSERVER)
    desk.policy = replace(desk.policy, permissions=replace(desk.policy.permissions, announce=("on-call",)))
    desk.use(desk.discord)
    with pytest.raises(NotPermitted):
        await approved(desk, draft, by=RESPONDER)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("api.parky.co.jp が停止", FindingKind.INTERNAL),
        ("@everyone 停止", FindingKind.MENTION),
        ("DB_PASSWORD=hunter2-hunter2-hunter2", FindingKind.MASKED),
        ("障" * 141, FindingKind.TOO_LONG),
        ("", FindingKind.EMPTY),
    ],
)
async def test_words_that_users_must_not_read_are_kept_but_not_published(
    desk: Desk, words: str, kind: FindingKind
) -> None:
    """A text with a finding is kept, without its secret, and cannot be approved."""
    incident = await affected(desk)
    draft = (await opened(desk, incident)).announcement
    view = await edited(desk, draft, x=AnnouncementText(words, "fine"))
    assert [(one.channel, one.language, one.kind) for one in view.findings] == [("x", "ja", kind)]
    assert "hunter2" not in str(view.announcement)
    with pytest.raises(UserError, match="announcement_unfit"):
        await approved(desk, view.announcement)
    assert await entries(desk, incident, ANNOUNCED) == []


async def test_a_drill_is_drafted_and_never_published(desk: Desk) -> None:
    """A drill gets a draft marked as a drill, and publishing it is refused in every way."""
    drill = await desk.open_drill()
    view = await opened(desk, drill)
    assert view.announcement.texts["x"].ja.startswith("【訓練】")
    for via in PublishedVia:
        with pytest.raises(InvalidTransition, match="announcement_drill"):
            await approved(desk, view.announcement, via=via)


async def test_a_private_incident_is_told_only_where_the_policy_says_so(desk: Desk) -> None:
    """A private incident can be announced only if the policy allows announcements of private incidents.

    The rule also holds for a draft that was opened before the incident became private.
    """
    incident = await affected(desk)
    draft = (await opened(desk, incident)).announcement
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    for act in (opened(desk, incident), edited(desk, draft), approved(desk, draft)):
        with pytest.raises((InvalidTransition, IncidentNotFound)):
            await act
    with pytest.raises(InvalidTransition, match="announcement_private"):
        await opened(desk, incident)
    with_private(desk, allowed=True)
    assert (await approved(desk, draft)).is_new


async def test_what_users_can_still_read_is_named_when_it_is_made_private(desk: Desk) -> None:
    """The private thread counts the announcements that were published before; without one it says nothing."""
    quiet, told = await desk.open(key="quiet"), await affected(desk)
    await published(desk, told)
    for incident in (quiet, told):
        await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert [one.data["count"] for one in await lines(desk, told, "still_published")] == [1]
    assert not await lines(desk, quiet, "still_published")


async def test_an_approval_says_that_users_are_affected(desk: Desk) -> None:
    """An approval records that users are affected, if no update has said so."""
    incident = await desk.open("SEV2")
    await published(desk, incident)
    assert (await IncidentRows(desk.store.sql).incident(incident.id)).users_affected is UsersAffected.YES


async def test_what_is_over_and_was_never_told_is_not_told(desk: Desk) -> None:
    """No announcement can be opened for a resolved incident that users were never told about."""
    incident = await affected(desk)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    with pytest.raises(InvalidTransition, match="announcement_over"):
        await opened(desk, incident)
