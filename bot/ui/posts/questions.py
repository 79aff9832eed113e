"""The silent question under a message that the bot cannot read: whether it is an alert, and the answer."""

from datetime import datetime
from typing import Final

from bot.domain.alerts.questions import AlertAnswer, AlertQuestionData, AlertsSkippedData, QuestionView
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.ui.buttons import Component, row
from bot.ui.posts.bodies import HERE, Body, message
from bot.ui.posts.looks import Renderers, alone
from bot.ui.verbs import AlertVerb
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.links import alert_url
from bot.ui.words.wording import Wording, relative

_SENDER_LIMIT: Final = 160
_TITLE_LIMIT: Final = 420  # 200 characters as stored, escaped
_SAID_LIMIT: Final = 700
_SILENT: Final = 1 << 12  # Discord: SUPPRESS_NOTIFICATIONS, the message rings no phone


def asked(words: Wording, delivery: Delivery) -> Body:
    """Compose the line as it is first posted, without a notification."""
    data = AlertQuestionData.from_json(delivery.data)
    line = _line(words, data.title, data.sender, data.severity, tracks_at=data.tracks_at)
    return {**message(line, components=_buttons(words, data.answers)), "flags": _SILENT}


def asked_by_dm(words: Wording, delivery: Delivery) -> Body:
    """Compose the DM to the person on call: what the message says, where it is, and until when to answer."""
    data = AlertQuestionData.from_json(delivery.data)
    said = inert_lines(data.said, limit=_SAID_LIMIT)
    lines = [
        _line(words, data.title, data.sender, data.severity, tracks_at=data.tracks_at, key="dm"),
        *(f"> {line}" for line in said.splitlines() if line),
        data.url,
    ]
    return message("\n".join(lines), components=_buttons(words, data.answers))


def question_post(words: Wording, view: QuestionView) -> Body:
    """Compose the line or the DM as it is now: the answer, its author, and what may still be done."""
    question = view.question
    sender, who = question.evidence.author_name, words.who(question.answered_by_name)
    if view.incident is not None and view.incident.is_private:
        return message(words.say("triaging.line.private", label=view.incident.label))
    if view.incident is not None:
        key = "unanswered" if question.answered_by_name is None else "tracked"
        line = words.say(f"tracked.question.{key}", label=view.incident.label, who=who)
        return message(line, components=row([words.buttons.link("to_post", alert_url(view.incident))]))
    make = words.buttons.make
    if question.answer is AlertAnswer.IGNORED:
        line = words.say("tracked.question.ignored", sender=inert(sender, limit=_SENDER_LIMIT), who=who)
        return message(line, components=row([make(AlertVerb.HEED, question.message_id)]))
    if question.answer in (AlertAnswer.RESOLVED, AlertAnswer.CHATTER):
        line = words.say(
            f"tracked.question.{question.answer}",
            title=inert(question.title, limit=_TITLE_LIMIT),
            sender=inert(sender, limit=_SENDER_LIMIT),
            who=who,
        )
        return message(line, components=row([words.buttons.grey(AlertVerb.TRACK, question.message_id)]))
    line = _line(words, question.title, sender, question.severity, tracks_at=question.tracks_at)
    return message(line, components=_buttons(words, question.message_id))


def _line(
    words: Wording, title: str, sender: str, severity: str, *, tracks_at: datetime | None, key: str = ""
) -> str:
    return words.say(
        f"tracked.question.{key or ('asked' if tracks_at is None else 'asked_in_time')}",
        title=inert(title, limit=_TITLE_LIMIT),
        sender=inert(sender, limit=_SENDER_LIMIT),
        severity=inert(severity, limit=40),
        at="" if tracks_at is None else words.moment(tracks_at),
        ago="" if tracks_at is None else relative(tracks_at),
    )


def _buttons(words: Wording, message_id: int) -> list[Component]:
    verbs = (AlertVerb.TRACK, AlertVerb.RESOLVED, AlertVerb.CHATTER)
    return row([words.buttons.make(verb, message_id) for verb in verbs])


def skipped(words: Wording, delivery: Delivery) -> Body:
    """Compose the notice that older messages of a watched channel were not read."""
    data = AlertsSkippedData.from_json(delivery.data)
    line = words.say("tracked.skipped", url=data.url)
    return message(f"{HERE} {line}" if data.rings else line, rings=data.rings)


RENDERERS: Final[Renderers] = {
    DeliveryKind.ALERT_QUESTION: alone(asked),
    DeliveryKind.ALERT_QUESTION_DM: alone(asked_by_dm),
    DeliveryKind.ALERTS_SKIPPED: alone(skipped),
}
