"""The messages that page people: the DM to the person on call, and the escalation in the alert's channel."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.domain.delivery.delivery import Delivery, DeliveryKind
from bot.domain.escalation.deliveries import NextStep, PagingData
from bot.domain.escalation.ladder import Why, WhyKind
from bot.domain.incident.incident import Incident, Status
from bot.domain.payloads import UNSET
from bot.domain.severity import Mention
from bot.services.ports import Subject
from bot.ui.buttons import IncidentVerb, row
from bot.ui.posts.bodies import COLOURS, Body, embed, message
from bot.ui.posts.incident.alert import HERE, deadline, head, headline
from bot.ui.posts.looks import Renderers, about
from bot.ui.words import links
from bot.ui.words.wording import Wording, relative

#: Reasons that concern the former responder, whom they give by name and not by on-call place.
_WAS_ON_IT: Final = (WhyKind.LAPSED, WhyKind.RELEASED)


def page(words: Wording, incident: Incident, data: PagingData, *, reader: str | None) -> Body:
    """Compose the DM: how bad, what to do, by when.

    Args:
        words: The team's.
        incident: As it is now.
        data: As `bot.services.escalation.step_messages` queued it.
        reader: The handle of the person it goes to.
    """
    buttons = words.buttons
    waiting = incident.status is Status.TRIGGERED
    is_theirs = _is_theirs(incident, reader)
    taken = "page.dm.yours" if is_theirs else "page.dm.taken"
    lines = _asked(words, incident, data, reader or "") if waiting else [words.say(taken)]
    return message(
        headline(words, incident),
        embeds=[_embed(incident, [head(words, incident), *lines])],
        components=row(
            [
                buttons.make(IncidentVerb.ACK, incident.id) if waiting else None,
                buttons.link("to_post", links.home_url(incident)),
                buttons.make(IncidentVerb.DECLINE, incident.id) if waiting else None,
                buttons.make(IncidentVerb.HAND_BACK, incident.id) if is_theirs else None,
            ]
        ),
    )


def escalation(words: Wording, incident: Incident, data: PagingData) -> Body:
    """Compose the message in the channel: nobody has acknowledged. It rings when the ladder's step says so.

    Args:
        words: The team's.
        incident: As it is now.
        data: As `bot.services.escalation.step_messages` queued it.
    """
    waiting = incident.status is Status.TRIGGERED
    rings = waiting and incident.rings and data.mention == Mention.HERE.value
    counts = waiting and _is_of_this_ladder(incident, data)
    line = _escalation_line(words, incident, data) if counts else headline(words, incident)
    lines = _who_was_told(words, incident, data) if counts else _still_asked(words, incident)
    buttons = words.buttons
    return message(
        f"{HERE} {line}" if rings else line,
        embeds=[_embed(incident, [head(words, incident), *lines])],
        components=row(
            [
                buttons.make(IncidentVerb.ACK, incident.id) if waiting else None,
                buttons.link(*links.home(incident)),
            ]
        ),
        rings=rings,
    )


def _is_theirs(incident: Incident, reader: str | None) -> bool:
    """Return True if *reader* is the responder: by id, or by a username that is their name, too."""
    on_it = incident.on_it
    if reader is None or on_it is None or incident.status is not Status.ACKNOWLEDGED:
        return False
    return reader in (str(on_it.id), on_it.name)


def _asked(words: Wording, incident: Incident, data: PagingData, reader: str) -> list[str]:
    started = words.say(
        "page.dm.started",
        at=words.moment(incident.started_at),
        ago=relative(incident.started_at),
    )
    if data.why is not None:
        return [_to_you(words, incident, data.why, reader), started]
    if data.declined_by:
        who = words.who(data.declined_by)
        return [words.say("page.dm.passed_on", who=who, deadline=deadline(words, incident)), started]
    if _is_of_this_ladder(incident, data) and _is_late(incident, data):
        at = words.clock(incident.ack_due_at, on=incident.triggered_at)
        return [words.say("page.dm.missed", waited=words.span(_waited(data)), at=at), started]
    return [words.say("page.dm.on_call", deadline=deadline(words, incident)), started]


def _to_you(words: Wording, incident: Incident, why: Why, reader: str) -> str:
    who = _who(words, why)
    if why.kind in _WAS_ON_IT and why.is_about(reader):
        return words.say(f"page.dm.{why.kind.value}_own")
    return words.say(f"page.dm.{why.kind.value}", who=who, deadline=deadline(words, incident))


def _who(words: Wording, why: Why) -> str:
    return words.who(why.who) if why.kind in _WAS_ON_IT else words.on_call([why.who])


def _escalation_line(words: Wording, incident: Incident, data: PagingData) -> str:
    why = data.why
    line = words.say(
        "escalation.line" if why is None else f"escalation.line_{why.kind.value}",
        severity=incident.severity,
        label=incident.label,
        title=words.bare_title(incident),
        waited=words.span(_waited(data)),
        who="" if why is None else _who(words, why),
    )
    return words.marked(incident, line)


def _who_was_told(words: Wording, incident: Incident, data: PagingData) -> list[str]:
    sentences = []
    if _is_late(incident, data):
        at = words.clock(incident.ack_due_at, on=incident.triggered_at)
        sentences.append(words.say("escalation.missed", at=at))
    sentences.append(_overdue(words, incident, data.overdue))
    for person, count in (data.told or {}).items():
        key = "escalation.told" if count > 1 else "escalation.told_once"
        sentences.append(words.say(key, who=words.on_call([person]), count=count))
    named = {"unreached": data.unreached or (), "dm": data.dm or ()}
    people = {key: words.on_call(list(names)) for key, names in named.items()}
    sentences += [words.say(f"escalation.{key}", who=who) for key, who in people.items() if who]
    sentences.append(_next(words, incident, None if data.next is UNSET else data.next))
    return [words.sentences(*sentences)]


def _overdue(words: Wording, incident: Incident, times: Sequence[datetime]) -> str:
    """Say which earlier steps, due at *times* and not sent on time, this message covers; "" for none."""
    if not times:
        return ""
    first, last = (words.clock(at, on=incident.triggered_at) for at in (times[0], times[-1]))
    key = "escalation.overdue" if len(times) > 1 else "escalation.overdue_once"
    return words.say(key, first=first, last=last, count=len(times))


def _is_of_this_ladder(incident: Incident, data: PagingData) -> bool:
    """Return whether the severity is still the one whose ladder queued this; another has its own deadline."""
    return data.severity in (None, incident.severity)


def _still_asked(words: Wording, incident: Incident) -> list[str]:
    return [deadline(words, incident)] if incident.status is Status.TRIGGERED else []


def _next(words: Wording, incident: Incident, following: NextStep | None) -> str:
    if following is None:
        return words.say("escalation.last")
    at = words.clock(following.due_at, on=incident.triggered_at)
    people = words.on_call(list(following.dm))
    if people:
        return words.say("escalation.next_people", people=people, at=at)
    return words.say("escalation.next_channel", at=at)


def _is_late(incident: Incident, data: PagingData) -> bool:
    """Return True if the ack deadline had passed when this step was taken."""
    return incident.triggered_at + _waited(data) >= incident.ack_due_at


def _waited(data: PagingData) -> timedelta:
    return timedelta(seconds=data.waited_s)


def _embed(incident: Incident, lines: list[str]) -> Body:
    return embed(colour=COLOURS[incident.status], description="\n".join(lines))


def _page(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    data = PagingData.from_json(delivery.data)
    return page(words, about(Incident, delivery, subject), data, reader=delivery.recipient)


def _escalation(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return escalation(words, about(Incident, delivery, subject), PagingData.from_json(delivery.data))


RENDERERS: Final[Renderers] = {DeliveryKind.PAGE: _page, DeliveryKind.ESCALATION: _escalation}
