"""Where a delivery goes: its channel or thread, and the message that it belongs to or answers."""

from collections.abc import Mapping

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import UpstreamUnavailable
from bot.domain.incident.incident import Incident
from bot.domain.timeline.recorded import PinSeenData
from bot.services.ports import Subject


def home_channel(delivery: Delivery, subject: Subject) -> int:
    """Return the id of the incident's thread; until it is recorded, take it from the delivery before."""
    if delivery.kind is DeliveryKind.THREAD_START:
        return require_id(delivery.after_message_id)  # it waited for the thread, whose id this is
    if delivery.kind in (DeliveryKind.THREAD_CARD, DeliveryKind.THREAD_SHEET):
        return require_id(delivery.after_channel_id)
    incident = subject if isinstance(subject, Incident) else None
    in_thread = delivery.to != "alert" and incident is not None and incident.thread.id is not None
    if in_thread and incident is not None:
        return require_id(incident.thread.id)
    return require_id(delivery.after_channel_id or (incident.post.channel_id if incident else None))


def answering(incident: Incident, channel_id: int) -> Mapping[str, object]:
    """Return the fields that make a line in the alert's channel a reply to the alert; none elsewhere."""
    if channel_id != incident.post.channel_id or incident.post.message_id is None:
        return {}
    return answer_to(incident.post.message_id)


def answer_to(message_id: int) -> Mapping[str, object]:
    """Return the fields that make a message a reply to another."""
    # The other message may just have been deleted: post the reply all the same.
    return {"message_reference": {"message_id": str(message_id), "fail_if_not_exists": False}}


def parent_message(delivery: Delivery) -> tuple[int, int]:
    """Return the message that a thread or reaction belongs to: the awaited one, or the one that it names."""
    if delivery.kind is DeliveryKind.PIN_SEEN:
        pinned = PinSeenData.from_json(delivery.data)
        return pinned.channel_id, pinned.message_id
    return require_id(delivery.after_channel_id), require_id(delivery.after_message_id)


def require_id(snowflake_id: int | None) -> int:
    """Return the id; it must be known by now.

    Raises:
        UpstreamUnavailable: it is not yet; later it may be.
    """
    if snowflake_id is None:
        raise UpstreamUnavailable("what this hangs on is not there yet")
    return snowflake_id
