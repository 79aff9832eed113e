"""Say what people must do next about an incident, by when, and what happens if they do not."""

from bot.domain.escalation.ladder import is_again, is_overdue
from bot.domain.incident.incident import Incident, Status
from bot.ui.posts.escalation.calls import STEPS_SHOWN, coming
from bot.ui.words.wording import Wording, relative


def next_step(words: Wording, incident: Incident, *, asks: str = "ack", is_late: bool = False) -> str:
    """Return what to do now and by when, in bold: "今やること：👀 ack を押して対応を始める · 期限 14:22 JST".

    After the acknowledgement, it is the responder's next status update; empty when nothing has to be done.

    Args:
        asks: Whom it asks for the acknowledgement: "ack", "anyone" who can respond, or "listed" in a list.
        is_late: The ack deadline was missed, although the ladder may not say so.
    """
    if incident.status is Status.TRIGGERED:
        return _acknowledge(words, incident, asks, is_late=is_late or is_overdue(incident))
    due = incident.updates.due_at if incident.is_open else None
    if due is None:
        return ""
    at = words.clock(due, on=incident.triggered_at)
    key = "update_now" if incident.updates.reminders else "update"
    return words.say(f"alert.do.{key}", at=at, left=relative(due))


def otherwise(words: Wording, incident: Incident, *, shown: int = STEPS_SHOWN) -> str:
    """Return what follows without an acknowledgement or, after it, without a status update; else empty.

    Args:
        shown: The most steps of the ladder.
    """
    if incident.status is Status.TRIGGERED:
        return coming(words, incident, shown=shown)
    if not incident.is_open or incident.updates.due_at is None:
        return ""
    lapses = words.severity(incident).ack_lapses_after
    if lapses is None:
        return words.say("alert.do.update_otherwise")
    return words.say("alert.do.update_or_lapse", span=words.span(lapses))


def _acknowledge(words: Wording, incident: Incident, asks: str, *, is_late: bool) -> str:
    emoji, due = words.policy.ack_emoji, incident.ack_due_at
    following = incident.calls.following
    if is_late or (is_again(incident) and following is None):
        return words.say(f"alert.do.{asks}_now", emoji=emoji)
    if is_again(incident) and following is not None:
        due = following.due_at
    at = words.clock(due, on=incident.triggered_at)
    return words.say(f"alert.do.{asks}", emoji=emoji, at=at, left=relative(due))


def update_due(words: Wording, incident: Incident) -> str:
    """Return when the next status update is due: "次の更新：14:37 JST (29 分後)"; empty when none is planned.

    Discord counts the time down. Once a reminder was sent, the line says that the update is overdue.
    """
    due = incident.updates.due_at
    if due is None:
        return ""
    at = words.clock(due, on=incident.triggered_at)
    key = "update_missed" if incident.updates.reminders else "update_due"
    return words.say(f"alert.{key}", at=at, left=relative(due))
