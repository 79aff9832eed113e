"""The quiet line under a message that nobody understands: whether it is an alert, and what was said to it."""

from collections.abc import Sequence
from typing import Final

from bot.domain.delivery import Delivery
from bot.domain.incident import Incident
from bot.domain.question import Question
from bot.ui.buttons import AlertVerb, Component, row
from bot.ui.posts.alerts import HERE
from bot.ui.posts.bodies import Body, message
from bot.ui.words.inert import inert
from bot.ui.words.links import alert_url
from bot.ui.words.wording import Wording

_SENDER_LIMIT: Final = 160
_TITLE_LIMIT: Final = 420  # 200 characters as stored, escaped
_SILENT: Final = 1 << 12  # Discord: SUPPRESS_NOTIFICATIONS, the message rings no phone


def asked(words: Wording, delivery: Delivery) -> Body:
    """The line as it is posted: it rings no phone.

    Args:
        words: The team's.
        delivery: ``data`` has ``answers`` (the message's id), ``sender``, ``title`` and ``severity``.
    """
    data = delivery.data
    line = words.say(
        "tracked.question.asked",
        sender=inert(str(data["sender"]), limit=_SENDER_LIMIT),
        title=inert(str(data["title"]), limit=_TITLE_LIMIT),
        severity=inert(str(data["severity"]), limit=40),
    )
    return {**message(line, components=question_buttons(words, int(str(data["answers"])))), "flags": _SILENT}


def question_buttons(words: Wording, message_id: int) -> list[Component]:
    """The two answers, the safe one first."""
    make = words.buttons.make
    return row([make(AlertVerb.TRACK, message_id), make(AlertVerb.IGNORE, message_id)])


def answered_tracked(words: Wording, incident: Incident, *, by: str) -> tuple[str, Sequence[Component]]:
    """What the line says once it is an alert, and the way to its post."""
    line = words.say("tracked.question.tracked", label=incident.label, who=words.who(by))
    return line, row([words.buttons.link("to_post", alert_url(incident))])


def answered_ignored(words: Wording, question: Question, *, by: str) -> tuple[str, Sequence[Component]]:
    """What it says once its sender is ignored, and how that is undone."""
    sender = inert(question.evidence.author_name, limit=_SENDER_LIMIT)
    line = words.say("tracked.question.ignored", sender=sender, who=words.who(by))
    return line, row([words.buttons.make(AlertVerb.HEED, question.message_id)])


def answered_heeded(words: Wording, question: Question) -> tuple[str, Sequence[Component]]:
    """What it says once its sender is ignored no more: the question, or what was said to it."""
    sender = inert(question.evidence.author_name, limit=_SENDER_LIMIT)
    title = inert(question.title, limit=_TITLE_LIMIT)
    severity = inert(question.severity, limit=40)
    line = words.say("tracked.question.asked", sender=sender, title=title, severity=severity)
    return line, question_buttons(words, question.message_id)


def skipped(words: Wording, delivery: Delivery) -> Body:
    """That older messages of a watched channel were not looked at; ``data`` says which."""
    data = delivery.data
    line = words.say("tracked.skipped", url=str(data["url"]))
    rings = bool(data["rings"])
    return message(f"{HERE} {line}" if rings else line, rings=rings)
