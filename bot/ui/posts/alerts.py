"""The bot's answers under alerts that it did not post: the alert as it is tracked, or whether it is one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from bot.domain.alerts.questions import AlertAnswer, AlertQuestionData, AlertsSkippedData, QuestionView
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, Status
from bot.ui.buttons import AlertVerb, Component, row
from bot.ui.posts.bodies import HERE, Body, Renderers, alone, message
from bot.ui.posts.calls import called_so_far, cannot, on_call_for, otherwise
from bot.ui.posts.incident.alert import again, related, seeded
from bot.ui.posts.incident.controls import first_buttons, others_button
from bot.ui.words.alerts import waited_words
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.summary import summary
from bot.ui.words.wording import Wording, alert_url, place_url, relative

_SEPARATOR = " · "
_MONITOR_LIMIT, _TARGETS_LIMIT = 100, 160
_STEPS_SHOWN = 2  # of the ladder: the post stays short


def tracked(words: Wording, incident: Incident, *, rings: bool) -> Body:
    """Compose one message that stays true: what any alert says, and in small print which monitor says it.

    Args:
        words: The team's.
        incident: A tracked alert as it is now.
        rings: It carries ``@here``; an edit pings no one all the same.
    """
    first = summary(words, incident)
    lines = [
        f"{HERE} {first}" if rings else first,
        otherwise(words, incident, shown=_STEPS_SHOWN),
        on_call_for(words, incident),
        called_so_far(words, incident),
        cannot(words, incident) if incident.status is Status.TRIGGERED else "",
        related(words, incident),
        words.say("tracked.origin", facts=_SEPARATOR.join(_small_print(words, incident))),
    ]
    return message(
        "\n".join(line for line in lines if line),
        components=row([*first_buttons(words, incident, is_edited=True), others_button(words, incident)]),
        rings=rings,
    )


def _small_print(words: Wording, incident: Incident) -> Iterator[str]:
    """Yield the monitor as a link to where it says so, what is affected, how often it came, and the label."""
    origin, source = incident.tracked.origin, incident.tracked.source
    name = inert(incident.reported_by.name if origin is None else origin.label, limit=_MONITOR_LIMIT)
    url = None if origin is None else origin.url
    if origin is None and source is not None:
        url = place_url(incident.guild_id, source.channel_id, source.message_id)
    facts = [
        f"[{name}](<{url}>)" if url else name,
        words.targets(incident.targets, limit=_TARGETS_LIMIT),
        waited_words(words, incident),
        again(words, incident),
        incident.label,
        seeded(words, incident),
    ]
    yield from (fact for fact in facts if fact)


_SENDER_LIMIT: Final = 160
_TITLE_LIMIT: Final = 420  # 200 characters as stored, escaped
_SAID_LIMIT: Final = 700
_SILENT: Final = 1 << 12  # Discord: SUPPRESS_NOTIFICATIONS, the message rings no phone


def asked(words: Wording, delivery: Delivery) -> Body:
    """Compose the line as it is first posted, without a notification."""
    data = AlertQuestionData.from_json(delivery.data)
    line = _line(words, data.title, data.sender, data.severity, tracks_at=data.tracks_at)
    return {**message(line, components=_question_buttons(words, data.answers)), "flags": _SILENT}


def asked_by_dm(words: Wording, delivery: Delivery) -> Body:
    """Compose the DM to the person on call: what the message says, where it is, and until when to answer."""
    data = AlertQuestionData.from_json(delivery.data)
    said = inert_lines(data.said, limit=_SAID_LIMIT)
    lines = [
        _line(words, data.title, data.sender, data.severity, tracks_at=data.tracks_at, key="dm"),
        *(f"> {line}" for line in said.splitlines() if line),
        data.url,
    ]
    return message("\n".join(lines), components=_question_buttons(words, data.answers))


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
    return message(line, components=_question_buttons(words, question.message_id))


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


def _question_buttons(words: Wording, message_id: int) -> list[Component]:
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
