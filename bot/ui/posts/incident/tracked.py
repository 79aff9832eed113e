"""The bot's answer under an alert that it did not post: short, because the alert is right above."""

from datetime import timedelta

from bot.domain.incident.incident import Incident, Status, label_of
from bot.ui.buttons import Component, row
from bot.ui.posts.bodies import HERE, Body, message
from bot.ui.posts.escalation.calls import cannot
from bot.ui.posts.escalation.next_step import next_step, otherwise
from bot.ui.posts.incident.alert import again, related
from bot.ui.posts.triage_posts import triage_button
from bot.ui.verbs import IncidentVerb
from bot.ui.words.alert_words import waited_words
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording, relative

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
