"""The bot's answers under alerts that it did not post: the alert as it is tracked, or whether it is one."""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.alerts.questions import AlertAnswer, AlertQuestionData, AlertsSkippedData, QuestionView
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, Status, label_of
from bot.ui.buttons import AlertVerb, Component, IncidentVerb, row
from bot.ui.posts.bodies import HERE, Body, Renderers, alone, message
from bot.ui.posts.calls import cannot, next_step, otherwise
from bot.ui.posts.incident.alert import again, related
from bot.ui.posts.triage import triage_button
from bot.ui.words.alerts import waited_words
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.wording import Wording, alert_url, relative

_SEPARATOR = " · "
_MONITOR_LIMIT, _TARGETS_LIMIT = 100, 160
_STEPS_SHOWN = 2  # of the ladder: the post stays short


def tracked(words: Wording, incident: Incident, *, rings: bool) -> Body:
    """Compose one message that stays true: state, severity, title, what to do, what comes, how often it came.

    Args:
        words: The team's.
        incident: A tracked alert as it is now.
        rings: It carries ``@here``; an edit pings no one all the same.
    """
    other, name = incident.told_merged_into, incident.status.value
    line = words.say(
        f"tracked.line.{name}_unseen" if incident.merged_into_hidden else f"tracked.line.{name}",
        label=incident.label,
        severity=incident.severity,
        state=words.state(incident),
        title=words.title(incident),
        other="?" if other is None else label_of(other),
    )
    first = _SEPARATOR.join(part for part in (line, _latest_act(words, incident)) if part)
    waits = incident.status is Status.TRIGGERED
    lines = [
        f"{HERE} {first}" if rings else first,
        next_step(words, incident) if waits else "",
        otherwise(words, incident, shown=_STEPS_SHOWN),
        _monitor(words, incident),
        waited_words(words, incident),
        cannot(words, incident) if waits else "",
        again(words, incident),
        related(words, incident),
    ]
    return message(
        "\n".join(line for line in lines if line), components=_buttons(words, incident), rings=rings
    )


def _monitor(words: Wording, incident: Incident) -> str:
    """Say what the monitor's message would say above: its name, as a link to it, and what is affected."""
    origin = incident.tracked.origin
    if origin is None:
        return ""
    name = inert(origin.label, limit=_MONITOR_LIMIT)
    parts = [
        words.say("tracked.monitor", monitor=f"[{name}](<{origin.url}>)" if origin.url else name),
        words.targets(incident.targets, limit=_TARGETS_LIMIT),
    ]
    return _SEPARATOR.join(part for part in parts if part)


def _latest_act(words: Wording, incident: Incident) -> str:
    """Say who is the responder or, at last, who ended the incident; empty without either."""
    began = incident.triggered_at
    if (end := incident.ended) is not None:
        who, at = words.who(end.name), words.clock(end.at, on=began)
        return words.say("tracked.ended", who=who, at=at, took=words.span(end.at - began))
    if incident.status is Status.TRIGGERED:
        return ""
    if incident.taken is not None and incident.is_taken_last:
        who, at = words.who(incident.taken.name), words.clock(incident.taken.at, on=began)
        return words.say(
            "tracked.taken",
            emoji=words.policy.ack_emoji,
            who=who,
            at=at,
            ago=relative(incident.taken.at),
        )
    if (reopened := incident.reopened) is not None:
        who, at = words.who(reopened.name), words.clock(reopened.at, on=began)
        return words.say("tracked.reopened", who=who, at=at, ago=relative(reopened.at))
    if incident.acknowledged is None:
        return ""
    return words.say(
        "tracked.acknowledged",
        emoji=words.policy.ack_emoji,
        who=words.who(incident.acknowledged.name),
        at=words.clock(incident.acknowledged.at, on=began),
        ago=relative(incident.acknowledged.at),
        took=words.span(incident.took_to_acknowledge or timedelta()),
    )


def _buttons(words: Wording, incident: Incident) -> list[Component]:
    """Return the buttons that make sense in this state, the safe one first."""
    make, number = words.buttons.make, incident.id
    if not incident.is_open:
        other = incident.told_merged_into
        return row(
            [
                make(IncidentVerb.VIEW, number, words="see")
                if other is None
                else make(IncidentVerb.VIEW, other),
                make(IncidentVerb.REOPEN, number),
            ]
        )
    joins = None if incident.status is Status.TRIGGERED else "join"
    return row(
        [
            make(IncidentVerb.ACK, number, words=joins),
            make(IncidentVerb.DECLARE, number),
            triage_button(words, incident, incident.tracked.source),
            make(IncidentVerb.FALSE_ALARM, number),
            *words.buttons.of(incident, IncidentVerb.RESOLVE),
        ]
    )


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
