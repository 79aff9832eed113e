"""The silent question under a message that the bot cannot read: whether it is an alert, and the answer."""

from typing import Final

from bot.domain.alerts.payloads import AlertQuestionData, AlertsSkippedData, HookUnreadData
from bot.domain.alerts.question import AlertAnswer, QuestionView
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.ui.buttons import row
from bot.ui.posts.bodies import HERE, Body, message
from bot.ui.posts.looks import Renderers, alone
from bot.ui.verbs import AlertVerb
from bot.ui.words.inert import inert
from bot.ui.words.links import alert_url
from bot.ui.words.wording import Wording

_PROBLEM_LIMIT: Final = 300
_SENDER_LIMIT: Final = 160
_TITLE_LIMIT: Final = 420  # 200 characters as stored, escaped
_SILENT: Final = 1 << 12  # Discord: SUPPRESS_NOTIFICATIONS, the message rings no phone


def asked(words: Wording, delivery: Delivery) -> Body:
    """Compose the line as it is first posted, without a notification."""
    data = AlertQuestionData.from_json(delivery.data)
    question = _question(words, data.answers, data.title, data.sender, data.severity)
    return {**question, "flags": _SILENT}


def question_post(words: Wording, view: QuestionView) -> Body:
    """Compose the line as it is now: the answer, its author, and a button to heed an ignored sender again."""
    question = view.question
    sender, who = question.evidence.author_name, words.who(question.answered_by_name)
    if view.incident is not None and view.incident.is_private:
        return message(words.say("triaging.line.private", label=view.incident.label))
    if view.incident is not None:
        line = words.say("tracked.question.tracked", label=view.incident.label, who=who)
        return message(line, components=row([words.buttons.link("to_post", alert_url(view.incident))]))
    if question.answer is AlertAnswer.IGNORED:
        line = words.say("tracked.question.ignored", sender=inert(sender, limit=_SENDER_LIMIT), who=who)
        return message(line, components=row([words.buttons.make(AlertVerb.HEED, question.message_id)]))
    return _question(words, question.message_id, question.title, sender, question.severity)


def _question(words: Wording, message_id: int, title: str, sender: str, severity: str) -> Body:
    line = words.say(
        "tracked.question.asked",
        title=inert(title, limit=_TITLE_LIMIT),
        sender=inert(sender, limit=_SENDER_LIMIT),
        severity=inert(severity, limit=40),
    )
    make = words.buttons.make
    buttons = row([make(AlertVerb.TRACK, message_id), make(AlertVerb.IGNORE, message_id)])
    return message(line, components=buttons)


def skipped(words: Wording, delivery: Delivery) -> Body:
    """Compose the notice that older messages of a watched channel were not read."""
    data = AlertsSkippedData.from_json(delivery.data)
    line = words.say("tracked.skipped", url=data.url)
    return message(f"{HERE} {line}" if data.rings else line, rings=data.rings)


def unread(words: Wording, delivery: Delivery) -> Body:
    """Compose the notice that what a source has sent could not be read, so that no alert came of it."""
    data = HookUnreadData.from_json(delivery.data)
    label = inert(data.label, limit=_SENDER_LIMIT)
    problem = inert(data.problem, limit=_PROBLEM_LIMIT)
    line = words.say("tracked.hook_unread", label=label, source=data.source, problem=problem)
    return message(line)


RENDERERS: Final[Renderers] = {
    DeliveryKind.ALERT_QUESTION: alone(asked),
    DeliveryKind.ALERTS_SKIPPED: alone(skipped),
    DeliveryKind.HOOK_UNREAD: alone(unread),
}
