"""Show that deleted alerts and threads come back without a ping, and that no line is lost."""

from bot.domain.delivery.delivery import DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import DeliveryRefused
from bot.domain.incident.incident import Incident, Role
from bot.domain.timeline.entries import TimelineKind
from bot.storage.tables.incidents import IncidentRows
from bot.storage.tables.timeline import TimelineRows
from tests.services.desk import PRIMARY, Desk

ALERT, THREAD, NOTICE = DeliveryKind.ALERT, DeliveryKind.THREAD, DeliveryKind.NOTICE
GONE = DeliveryRefused("Unknown Message", http_status=404, code=10008)


async def posted(desk: Desk, severity: str = "SEV1") -> Incident:
    """An incident whose posts are all there."""
    incident = await desk.open(severity)
    await desk.work()
    return await IncidentRows(desk.store.sql).incident(incident.id)


async def quiet(desk: Desk, kind: AnyDeliveryKind) -> list[bool]:
    """Return, for each delivery of *kind*, True if it pings no one."""
    return ["quiet" in one.data for one in await desk.database.deliveries() if one.kind is kind]


async def lines(desk: Desk) -> list[tuple[str, int | None]]:
    """The notices that arrived, with the channel each is in."""
    sent = [
        one
        for one in await desk.database.deliveries()
        if one.kind is NOTICE and one.status is DeliveryStatus.SENT
    ]
    return [(str(one.data["notice"]), one.channel_id) for one in sent]


async def test_a_deleted_alert_is_posted_again_once(desk: Desk) -> None:
    """A deleted alert is posted again without a ping, and not a second time."""
    incident = await posted(desk)
    assert incident.post.message_id is not None
    await desk.reposting.message_gone(incident.post.message_id)
    await desk.reposting.message_gone(incident.post.message_id)
    await desk.work()
    again = await IncidentRows(desk.store.sql).incident(incident.id)
    assert again.post.message_id not in (None, incident.post.message_id)
    assert again.thread.id == incident.thread.id
    assert await quiet(desk, ALERT) == [False, True]
    await desk.reposting.message_gone(again.post.message_id or 0)
    await desk.work()
    assert len(desk.sent(ALERT)) == 2


async def test_a_deletion_that_no_event_told_is_found_by_the_next_edit(desk: Desk) -> None:
    """An alert whose deletion was missed is posted again at the next edit, without a second thread."""
    incident = await posted(desk)
    desk.discord.deleted = {incident.post.message_id or 0}
    await desk.roles.take(incident.id, Role.SCRIBE, by=PRIMARY)
    await desk.work()
    assert len(desk.sent(ALERT)) == 2
    assert len(desk.sent(THREAD)) == 1


async def test_a_deleted_thread_is_opened_again(desk: Desk) -> None:
    """A deleted thread is opened again once, on a new post of its own; the alert stays where it is."""
    incident = await posted(desk)
    assert incident.thread.id is not None
    await desk.reposting.thread_gone(incident.thread.id)
    await desk.reposting.thread_gone(incident.thread.id)
    await desk.work()
    again = await IncidentRows(desk.store.sql).incident(incident.id)
    assert again.thread.id not in (None, incident.thread.id)
    assert again.post.message_id == incident.post.message_id
    assert desk.sent(DeliveryKind.THREAD_ROOT) == ["channel:p0-alerts"]
    assert len(desk.sent(THREAD)) == 2


async def test_a_line_for_a_deleted_thread_follows_into_the_new_one(desk: Desk) -> None:
    """A line for a thread that was deleted unnoticed goes to the new one, and counts as no failure."""
    incident = await posted(desk)
    desk.discord.deleted_threads = {incident.thread.id or 0}
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=PRIMARY, reason="r")
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.thread.id != incident.thread.id
    assert await lines(desk) == [("severity_changed", now.thread.id)]
    history = [entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)]
    assert TimelineKind.DELIVERY_FAILED not in history


async def test_a_line_after_the_end_goes_to_the_alerts_channel(desk: Desk) -> None:
    """An ended incident gets no new thread."""
    incident = await posted(desk)
    desk.discord.deleted_threads = {incident.thread.id or 0}
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    assert await lines(desk) == [("resolved", incident.post.channel_id)]
    assert len(desk.sent(THREAD)) == 1


async def test_a_locked_thread_is_left_locked(desk: Desk) -> None:
    """A line for a locked thread is posted beside the alert instead."""
    incident = await posted(desk)
    desk.discord.locked = {incident.thread.id or 0}
    await desk.lifecycle.change_severity(incident.id, to="SEV3", by=PRIMARY, reason="r")
    await desk.work()
    assert [name for name, _ in await lines(desk)] == ["severity_changed"]
    assert len(desk.sent(THREAD)) == 1


async def test_a_thread_is_not_opened_for_ever(desk: Desk) -> None:
    """A thread that is deleted again and again is replaced three times; then lines go beside the alert."""
    incident = await posted(desk)
    for _ in range(5):
        thread = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id
        await desk.reposting.thread_gone(thread or 0)
        await desk.work()
    assert len(desk.sent(THREAD)) == 4
    last = (await IncidentRows(desk.store.sql).incident(incident.id)).thread.id
    desk.discord.deleted_threads = {last or 0}
    await desk.timelines.note(incident.id, by=PRIMARY, text="見ています", key="k")
    await desk.work()
    assert await lines(desk) == [("note", incident.post.channel_id)]


async def test_an_alert_deleted_before_its_thread_was_there(desk: Desk) -> None:
    """The thread gets a post of its own, the alert comes back."""
    incident = await desk.open("SEV1")
    desk.discord.failures = [None, None, GONE, GONE]
    await desk.work()
    now = await IncidentRows(desk.store.sql).incident(incident.id)
    assert now.thread.id is not None
    assert now.post.message_id is not None
    assert len(desk.sent(ALERT)) == 2


async def test_what_is_not_ours_or_over_is_left_alone(desk: Desk) -> None:
    """Any message or thread of the server may be deleted."""
    await desk.reposting.message_gone(404)
    await desk.reposting.thread_gone(404)
    incident = await posted(desk)
    await desk.lifecycle.resolve(incident.id, by=PRIMARY)
    await desk.work()
    await desk.reposting.message_gone(incident.post.message_id or 0)
    await desk.reposting.thread_gone(incident.thread.id or 0)
    await desk.work()
    assert len(desk.sent(ALERT)) == len(desk.sent(THREAD)) == 1


async def test_what_is_refused_for_another_reason_is_told_as_ever(desk: Desk) -> None:
    """No permission: it is in the DLQ and on the timeline."""
    incident = await posted(desk)
    desk.discord.failures = [DeliveryRefused("Missing Permissions", http_status=403, code=50013)]
    await desk.timelines.note(incident.id, by=PRIMARY, text="見ています", key="k")
    await desk.work()
    assert TimelineKind.DELIVERY_FAILED in [
        entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
    ]


async def test_a_farewell_in_a_thread_that_is_gone_is_not_missed(desk: Desk) -> None:
    """The last line for a deleted old thread is dropped without a failure."""
    incident = await posted(desk, "SEV3")
    desk.discord.deleted_threads = {incident.thread.id or 0}
    await desk.lifecycle.change_severity(incident.id, to="SEV1", by=PRIMARY, reason="r")
    await desk.work()
    assert [name for name, _ in await lines(desk)] == ["severity_changed"]
    assert TimelineKind.DELIVERY_FAILED not in [
        entry.kind for entry in await TimelineRows(desk.store.sql).timeline(incident.id)
    ]
