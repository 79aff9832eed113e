"""The alert post, and the quiet post that carries a thread in another channel than the alert's."""

from datetime import timedelta

from bot.domain.incident import Incident, Status
from bot.domain.severity import Mention
from bot.ui import links, timestamps
from bot.ui.bodies import COLOURS, Body, embed, message
from bot.ui.buttons import Component, IncidentVerb, row
from bot.ui.wording import Wording

HERE = "@here"
_TARGETS_LIMIT = 160  # what a lock screen may show besides the title
_LINE_LIMIT = 900  # one line of the embed
_SEPARATOR = " · "


def alert(words: Wording, incident: Incident) -> Body:
    """The post in the severity's channel; it rings when the policy says so, and until somebody is on it."""
    mention = words.severity(incident).mention
    rings = mention is Mention.HERE and incident.status is Status.TRIGGERED
    line = headline(words, incident)
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[_state_embed(words, incident, lines=_facts(words, incident))],
        components=_alert_buttons(words, incident),
        rings=rings,
    )


def thread_root(words: Wording, incident: Incident) -> Body:
    """The post that the thread hangs on when the alert is in another channel; it pings nobody."""
    lines = [_started(words, incident), words.say("alert.root")]
    return message(
        headline(words, incident),
        embeds=[_state_embed(words, incident, lines=lines)],
        components=row([_ack(words, incident), words.buttons.link("to_post", links.alert_url(incident))]),
    )


def headline(words: Wording, incident: Incident) -> str:
    """Such as "🔴 SEV1 · 決済 API が 5xx · api.parky.co.jp", true for the state it is in."""
    line = words.say(
        f"alert.line.{incident.status.value}", severity=incident.severity, title=words.title(incident)
    )
    targets = words.targets(incident.targets, limit=_TARGETS_LIMIT)
    return words.say("alert.line.targets", line=line, targets=targets) if targets else line


def head(words: Wording, incident: Incident) -> str:
    """Such as "**INC-42** 🟠 対応中 · 👀 @responder 14:07 JST (2 分で ack)"."""
    if incident.resolved_at is not None:
        took = words.span(incident.resolved_at - incident.triggered_at)
        who, at = incident.resolved_by_name, incident.resolved_at
    else:
        took = words.span(incident.took_to_acknowledge or timedelta())
        who, at = incident.acknowledged_by_name, incident.acknowledged_at or incident.triggered_at
    return words.say(
        f"alert.head.{incident.status.value}",
        label=incident.label,
        state=words.state(incident),
        emoji=words.policy.ack_emoji,
        who=words.who(who),
        at=words.clock(at, on=incident.triggered_at),
        took=took,
    )


def deadline(words: Wording, incident: Incident) -> str:
    """Such as "ack 期限 14:22 JST (12 分後)", counted down by Discord."""
    at = words.clock(incident.ack_due_at, on=incident.triggered_at)
    return words.say("alert.deadline", at=at, left=timestamps.relative(incident.ack_due_at))


def _state_embed(words: Wording, incident: Incident, *, lines: list[str]) -> Body:
    return embed(colour=COLOURS[incident.status], description="\n".join([head(words, incident), *lines]))


def _facts(words: Wording, incident: Incident) -> list[str]:
    lines = [
        _line(_started(words, incident), _symptoms(words, incident)),
        _line(*_who_is_asked(words, incident)),
        _line(
            words.say("alert.reporter", who=words.who(incident.reported_by_name)),
            _path(words, incident),
        ),
    ]
    if not (incident.targets or incident.symptoms) and incident.is_open:
        lines.append(words.say("alert.nothing_known"))
    return [line for line in lines if line]


def _started(words: Wording, incident: Incident) -> str:
    at = incident.started_at
    return words.say("alert.started", at=words.moment(at), ago=timestamps.relative(at))


def _symptoms(words: Wording, incident: Incident) -> str:
    symptoms = words.symptoms(incident.symptoms, limit=_LINE_LIMIT)
    return words.say("alert.symptoms", symptoms=symptoms) if symptoms else ""


def _path(words: Wording, incident: Incident) -> str:
    path = words.path(incident, limit=_LINE_LIMIT)
    return words.say("alert.path", path=path) if path else ""


def _who_is_asked(words: Wording, incident: Incident) -> list[str]:
    """The deadline and who is on call, while they matter."""
    if incident.status is Status.TRIGGERED:
        first = next((rung.dm for rung in words.severity(incident).ladder if rung.dm), ())
        asked = words.say("alert.on_call", people=words.on_call(first)) if first else ""
        return [deadline(words, incident), asked]
    if incident.status is Status.RESOLVED and incident.acknowledged_at is not None:
        return [
            words.say(
                "alert.acknowledged_before",
                emoji=words.policy.ack_emoji,
                who=words.who(incident.acknowledged_by_name),
                at=words.clock(incident.acknowledged_at, on=incident.triggered_at),
                took=words.span(incident.took_to_acknowledge or timedelta()),
            )
        ]
    return []


def _line(*parts: str) -> str:
    return _SEPARATOR.join(part for part in parts if part)


def _ack(words: Wording, incident: Incident) -> Component | None:
    """Acknowledge, then join; nothing once it is over."""
    if not incident.is_open:
        return None
    label = None if incident.status is Status.TRIGGERED else "join"
    return words.buttons.make(IncidentVerb.ACK, incident.id, words=label)


def _alert_buttons(words: Wording, incident: Incident) -> list[Component]:
    """At most five: what makes sense in this state, the safe one first, the final one last but the link."""
    buttons = words.buttons
    link = buttons.link("to_thread", links.thread_url(incident))
    if not incident.is_open:
        return row([buttons.make(IncidentVerb.NOTE, incident.id), link])
    verbs = (IncidentVerb.FIRST, IncidentVerb.DETAILS, IncidentVerb.RESOLVE)
    return row([_ack(words, incident), *(buttons.make(verb, incident.id) for verb in verbs), link])
