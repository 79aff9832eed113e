"""Messages about on-call duty, to the team or one person: handovers, the day before, what is missing."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final, TypeVar

from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.incident.incident import Status
from bot.domain.payloads import Payload
from bot.services.ports.discord import Gap, ReadinessFinding
from bot.ui.posts.bodies import Renderer, alone, message
from bot.ui.words.inert import inert
from bot.ui.words.wording import SIGNS, Wording, channel_name, place_url, relative, role_name
from cogs.oncall.rules import HandoverData, OnCallDelivery, OpenIncident, ShiftCheckData

P = TypeVar("P", bound=Payload)

_LINE_LIMIT: Final = 1_500
_TITLE_LIMIT: Final = 100


def until(words: Wording, at: datetime | None) -> str:
    """Say until when: "12/07 10:00 JST まで"."""
    if at is None:
        return words.say("oncall.until_further_notice")
    return words.say("oncall.until", at=words.moment(at))


def gap_lines(words: Wording, gaps: Iterable[ReadinessFinding]) -> Iterator[str]:
    """Yield a line for each gap: what is missing, and how it is mended."""
    for finding in gaps:
        shown = channel_name if finding.gap is Gap.NO_CHANNEL else role_name
        yield words.say(f"oncall.gap.{finding.gap.value}", names=words.listed(map(shown, finding.names)))


def _handover(words: Wording, data: HandoverData) -> Iterator[str]:
    changes = [
        words.say(
            "oncall.change",
            place=_place(change.place),
            former=words.handle(change.former),
            who=words.handle(change.handle),
            until=until(words, change.until),
        )
        for change in data.changes
    ]
    yield words.say("oncall.handover", changes=" · ".join(changes))
    yield _incidents(words, data)


def _on_duty(words: Wording, data: HandoverData) -> Iterator[str]:
    places = [
        words.say("oncall.your_place", place=_place(change.place), until=until(words, change.until))
        for change in data.changes
        if change.handle == data.handle
    ]
    yield words.say("oncall.on_duty", places=" · ".join(places))
    yield _incidents(words, data)


def _soon(words: Wording, data: ShiftCheckData) -> Iterator[str]:
    yield words.say(
        "oncall.soon",
        at=words.moment(data.starts),
        relative=relative(data.starts),
        places=_places(words, data),
        until=until(words, data.ends),
    )
    gaps = list(_gaps(words, data))
    yield words.say("oncall.soon_gaps" if gaps else "oncall.soon_fine")
    yield from gaps


def _missing(words: Wording, data: ShiftCheckData) -> Iterator[str]:
    who, places = words.handle(data.handle), _places(words, data)
    if data.standing:
        yield words.say("oncall.gaps_now", who=who, places=places)
    else:
        yield words.say("oncall.gaps", who=who, places=places, at=words.moment(data.starts))
    yield from _gaps(words, data)


def _gaps(words: Wording, data: ShiftCheckData) -> Iterator[str]:
    return gap_lines(
        words, [ReadinessFinding(Gap(finding.gap), tuple(finding.names)) for finding in data.gaps]
    )


def _incidents(words: Wording, data: HandoverData) -> str:
    """Say what is open, one incident a line, in the order in which they were stored."""
    lines = [f"- {_incident(words, each)}" for each in data.incidents]
    if not lines:
        return words.say("oncall.no_incidents")
    return words.say("oncall.incidents", incidents=words.joined(lines, separator="\n", limit=_LINE_LIMIT))


def _incident(words: Wording, incident: OpenIncident) -> str:
    status, name = Status(incident.status), f"**{incident.label}**"
    if incident.where is not None:
        name = f"[{incident.label}]({place_url(*incident.where)})"
    fields = {
        "state": f"{SIGNS[status]} {words.say(f'state.{status.value}')}",
        "name": name,
        "severity": inert(incident.severity, limit=40),
    }
    if incident.title is None:
        return words.say("oncall.incident_hidden", **fields)
    return words.say("oncall.incident", **fields, title=inert(incident.title, limit=_TITLE_LIMIT))


def _places(words: Wording, data: ShiftCheckData) -> str:
    return words.listed(_place(place) for place in data.places)


def _place(place: str) -> str:
    return inert(place, limit=60)


def _renderer(kind: type[P], compose: Callable[[Wording, P], Iterator[str]]) -> Renderer:
    """Return the renderer of a message of several lines; it pings no one."""
    return alone(
        lambda words, delivery: message(
            "\n".join(line for line in compose(words, kind.from_json(delivery.data)) if line)
        )
    )


RENDERERS: Final[Mapping[AnyDeliveryKind, Renderer]] = {
    OnCallDelivery.HANDOVER: _renderer(HandoverData, _handover),
    OnCallDelivery.ON_DUTY: _renderer(HandoverData, _on_duty),
    OnCallDelivery.ON_DUTY_SOON: _renderer(ShiftCheckData, _soon),
    OnCallDelivery.ON_DUTY_GAPS: _renderer(ShiftCheckData, _missing),
}
