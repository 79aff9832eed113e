"""What a public incident tells of a private one that it has to do with: nothing to who may not know of it."""

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import IncidentNotFound
from bot.domain.incident.incident import Incident, Status, number_label
from bot.domain.incident.transitions import AckVia
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineKind
from bot.i18n import Texts
from bot.storage.tables.acknowledgements import AcknowledgementRows
from bot.storage.tables.deliveries import DeliveryRows
from bot.storage.tables.incidents import IncidentRows
from bot.ui.posts.renderer import render
from bot.ui.screens.timeline import markdown
from bot.ui.words.timeline import told_line, told_row
from bot.ui.words.wording import Wording
from tests.by_person import id_of
from tests.services.desk import GUILD, OBSERVER, PRIMARY, RESPONDER, SECONDARY, Desk
from tests.services.privacy.test_privacy import NAMED, open_private


async def linked_pair(desk: Desk) -> tuple[Incident, Incident]:
    """Open a public and a private incident, and link them as a person who sees both."""
    public = await desk.open(key="public")
    private = await open_private(desk)
    assert await desk.lifecycle.link(public.id, with_=private.id, by=PRIMARY)
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(public.id), await IncidentRows(
        desk.store.sql
    ).incident(private.id)


async def told_in_thread(desk: Desk, incident: Incident, notice: str) -> int:
    """How many lines of that kind its thread has."""
    posts = await DeliveryRows(desk.store.sql).posts(incident.id)
    return sum(post.kind is DeliveryKind.NOTICE and post.data["notice"] == notice for post in posts)


async def test_no_public_post_gives_the_number_of_a_private_one(desk: Desk) -> None:
    """A public incident does not list a private one that it is linked with, nor does its thread tell of it.

    The private incident lists the public one, and its thread has the line.
    """
    public, private = await linked_pair(desk)
    assert (public.linked, private.linked) == ((), (public.id,))
    assert await told_in_thread(desk, public, "linked") == 0
    assert await told_in_thread(desk, private, "linked") == 1


async def test_a_history_gives_the_number_to_those_alone_who_may_know_it(desk: Desk) -> None:
    """A public history gives a linked private incident's number only to readers who see that incident.

    The pages, the file and /incident show agree; every reader sees that something was linked.
    """
    public, private = await linked_pair(desk)
    words = Wording(Texts.load(), desk.policy)
    for reader, knows in ((PRIMARY, True), (OBSERVER, False)):
        history = await desk.timelines.history(public.id, by=reader)
        page = await desk.timelines.page(public.id, by=reader, whole=True)
        view = await desk.looking.view(public.id, by=reader)
        assert [line.entry.kind for line in view.lines].count(TimelineKind.LINKED) == 1
        for lines in (history.lines, page.rows, view.lines):
            told = [told_row(words, line, since=public.started_at) for line in lines]
            assert any(number_label(private.id) in line for line in told) is knows
        assert (number_label(private.id) in markdown(words, history)) is knows


async def test_a_link_with_a_private_one_is_taken_back_unseen(desk: Desk) -> None:
    """Only a person who sees the private incident can remove its link with a public incident.

    The private thread gets a line; the public incident's posts and thread do not change.
    """
    public, private = await linked_pair(desk)
    for than in (public.id, private.id):
        assert await desk.looking.linked(than=than, thread_id=None, by=RESPONDER) == []
    with pytest.raises(IncidentNotFound):
        await desk.lifecycle.unlink(public.id, with_=private.id, by=RESPONDER)
    offered = await desk.looking.linked(than=public.id, thread_id=None, by=PRIMARY)
    assert [one.id for one in offered] == [private.id]
    assert await desk.lifecycle.unlink(public.id, with_=private.id, by=PRIMARY)
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(public.id)).version == public.version, (
        "no post of it is edited"
    )
    assert (await IncidentRows(desk.store.sql).incident(private.id)).linked == ()
    assert await told_in_thread(desk, public, "unlinked") == 0
    assert await told_in_thread(desk, private, "unlinked") == 1
    words = Wording(Texts.load(), desk.policy)
    for reader, knows in ((PRIMARY, True), (OBSERVER, False)):
        view = await desk.looking.view(public.id, by=reader)
        (line,) = (line for line in view.lines if line.entry.kind is TimelineKind.UNLINKED)
        assert (number_label(private.id) in told_line(words, line)) is knows


async def test_what_has_raised_another_is_told_no_more_once_it_is_private(desk: Desk) -> None:
    """A severity raised by a merge names the merged incident only to people who may see it."""
    low, high = await desk.open("SEV3", key="low"), await desk.open("SEV1", key="high")
    await desk.merging.merge(high.id, into=low.id, by=PRIMARY)
    await desk.privacy.make_private(high.id, by=PRIMARY)
    await desk.work()
    words = Wording(Texts.load(), desk.policy)
    for reader, knows in ((PRIMARY, True), (OBSERVER, False)):
        history = await desk.timelines.history(low.id, by=reader)
        lines = [told_line(words, line) for line in history.lines]
        assert any("SEV3 → SEV1" in line for line in lines)
        assert any(number_label(high.id) in line for line in lines) is knows
        assert (number_label(high.id) in markdown(words, history)) is knows


@pytest.mark.parametrize("is_reopened", [False, True], ids=["merged", "reopened"])
async def test_a_post_names_what_has_raised_its_severity_only_while_that_is_merged_and_public(
    desk: Desk, is_reopened: bool
) -> None:
    """Anybody reads the post. That the severity rose, who did it and when, stays."""
    low, high = await desk.open("SEV3", key="low"), await desk.open("SEV1", key="high")
    await desk.merging.merge(high.id, into=low.id, by=PRIMARY)
    words = Wording(Texts.load(), desk.policy)
    assert number_label(high.id) in words.path(await IncidentRows(desk.store.sql).incident(low.id), limit=300)
    if is_reopened:
        await desk.lifecycle.reopen(high.id, by=PRIMARY)
    await desk.privacy.make_private(high.id, by=PRIMARY)
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(low.id)
    assert "SEV3 → SEV1" in words.path(now, limit=300)
    posts = [post for post in await DeliveryRows(desk.store.sql).posts(low.id) if post.kind.spec.is_refreshed]
    assert {post.shown_version for post in posts} == {now.version}, "its posts were edited"
    assert not any(number_label(high.id) in str(render(words, post, now)) for post in posts)


async def test_what_is_made_private_later_goes_from_the_posts_of_others(desk: Desk) -> None:
    """An incident made private later leaves the posts of incidents that it was linked with or merged into.

    Reopening the private incident posts no line in the other thread.
    """
    linked, into, secret = [await desk.open(key=key) for key in ("linked", "into", "secret")]
    await desk.lifecycle.link(linked.id, with_=secret.id, by=PRIMARY)
    await desk.merging.merge(secret.id, into=into.id, by=PRIMARY)
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(into.id)).duplicates == (secret.id,)
    await desk.privacy.make_private(secret.id, by=PRIMARY)
    await desk.work()
    for number in (linked.id, into.id):
        other = await IncidentRows(desk.store.sql).incident(number)
        assert (other.linked, other.duplicates) == ((), ())
        shown = [
            one.shown_version
            for one in await DeliveryRows(desk.store.sql).posts(number)
            if one.kind.spec.is_refreshed
        ]
        assert set(shown) == {other.version}, "its posts were edited"
    await desk.lifecycle.reopen(secret.id, by=PRIMARY)
    await desk.work()
    assert await told_in_thread(desk, into, "unmerged") == 0


async def test_where_a_merged_one_went_on_is_not_told_once_that_is_private(desk: Desk) -> None:
    """A merged incident names the other one only to people who may see it, once that is private."""
    merged, into = await desk.open(key="merged"), await desk.open(key="into")
    await desk.merging.merge(merged.id, into=into.id, by=PRIMARY)
    await desk.privacy.make_private(into.id, by=PRIMARY)
    await desk.work()
    seen = await desk.looking.view(merged.id, by=PRIMARY)
    hidden = await desk.looking.view(merged.id, by=OBSERVER)
    assert (seen.incident.merged_into_id, hidden.incident.merged_into_id) == (into.id, None)
    words = Wording(Texts.load(), desk.policy)
    assert not any(number_label(into.id) in told_line(words, line) for line in hidden.lines)
    kept = await IncidentRows(desk.store.sql).incident(merged.id)
    posts = await DeliveryRows(desk.store.sql).posts(merged.id)
    edited = [post for post in posts if post.kind.spec.is_refreshed]
    assert {post.shown_version for post in edited} == {kept.version}, "its posts were edited"
    assert not any(number_label(into.id) in str(render(words, post, kept)) for post in edited)
    assert not any(f":view:{into.id}" in str(render(words, post, kept)) for post in edited)


async def test_two_private_ones_are_merged_within_their_threads(desk: Desk) -> None:
    """Merging two private incidents adds a line to the other thread, and no number to its post."""
    first, second = await open_private(desk), await open_private(desk, key="second")
    await desk.merging.merge(second.id, into=first.id, by=PRIMARY)
    await desk.work()
    assert (await IncidentRows(desk.store.sql).incident(first.id)).duplicates == ()
    assert await told_in_thread(desk, first, "merged_here") == 1
    view = await desk.looking.view(first.id, by=PRIMARY)
    assert [one.id for one in view.related] == [second.id]
    await desk.lifecycle.reopen(second.id, by=PRIMARY)
    await desk.work()
    assert await told_in_thread(desk, first, "unmerged") == 1


async def test_what_is_offered_says_nothing_of_a_private_one(desk: Desk) -> None:
    """Choices for an unseen private incident are the same as for an unknown number."""
    private, public = await open_private(desk), await desk.open()
    for number in (private.id, 404):
        takers = await desk.looking.takers(GUILD, than=number, thread_id=None, by=NAMED)
        assert [one.id for one in takers] == [public.id]
    assert await desk.looking.takers(GUILD, than=private.id, thread_id=None, by=PRIMARY) == []
    assert await desk.looking.duplicates(GUILD, into=public.id, by=PRIMARY) == []
    with_ = await desk.looking.others(GUILD, than=private.id, thread_id=None, by=PRIMARY)
    assert [one.id for one in with_] == [public.id]


async def acknowledged_pair(desk: Desk, *, by: Person) -> tuple[Incident, Incident]:
    """Two private ones that *by* is named in the first of, and on it."""
    first, second = await open_private(desk), await open_private(desk, key="second")
    await desk.privacy.add(first.id, who=by, by=PRIMARY, key="add")
    await desk.acknowledger.acknowledge(first.id, by=by, via=AckVia.BUTTON)
    await desk.work()
    return first, second


async def test_nobody_is_on_a_private_one_that_is_hidden_from_them(desk: Desk) -> None:
    """Named in the duplicate alone: the ladder of the one that goes on does."""
    first, second = await acknowledged_pair(desk, by=NAMED)
    await desk.merging.merge(first.id, into=second.id, by=PRIMARY)
    now = await IncidentRows(desk.store.sql).incident(second.id)
    assert (now.status, now.on_it) == (Status.TRIGGERED, None)
    assert await AcknowledgementRows(desk.store.sql).responders(second.id) == []
    before = len(desk.sent(DeliveryKind.ESCALATION))
    await desk.pass_time(minutes=20)
    assert len(desk.sent(DeliveryKind.ESCALATION)) > before
    assert NAMED.id not in {
        one.id for one in (await IncidentRows(desk.store.sql).incident(second.id)).roles.values()
    }
    with pytest.raises(IncidentNotFound):
        await desk.incidents.find(number=second.id, thread_id=None, by=NAMED)


async def test_whoever_is_named_in_both_is_on_the_one_that_goes_on(desk: Desk) -> None:
    """The alert pages no one again."""
    first, second = await acknowledged_pair(desk, by=NAMED)
    await desk.privacy.add(second.id, who=NAMED, by=PRIMARY, key="both")
    await desk.merging.merge(first.id, into=second.id, by=PRIMARY)
    assert id_of((await IncidentRows(desk.store.sql).incident(second.id)).acknowledged) == NAMED.id


async def test_the_person_who_merges_sees_the_one_that_goes_on_by_role(desk: Desk) -> None:
    """A responder who merges one private incident into another is the responder of the other from then on."""
    first, second = await acknowledged_pair(desk, by=SECONDARY)
    await desk.merging.merge(first.id, into=second.id, by=SECONDARY)
    assert id_of((await IncidentRows(desk.store.sql).incident(second.id)).acknowledged) == SECONDARY.id
