"""Messages about on-call duty, to the team or one person: handovers, the day before, what a person lacks."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

from bot.domain.delivery.delivery import Delivery, DeliveryKind
from bot.domain.incident.incident import Status
from bot.services.ports.oncall import Gap
from bot.ui.posts.bodies import Body, message
from bot.ui.words import timestamps
from bot.ui.words.inert import inert, joined
from bot.ui.words.links import place_url
from bot.ui.words.voice import channel_name, role_name
from bot.ui.words.wording import SIGNS, Wording

Data = Mapping[str, object]

_LINE_LIMIT: Final = 1_500
_TITLE_LIMIT: Final = 100


def oncall_post(words: Wording, delivery: Delivery) -> Body:
    """Compose the message from the facts that `bot.services.oncall.handovers` queued; it pings nobody."""
    return message("\n".join(line for line in ONCALL_POSTS[delivery.kind](words, delivery.data) if line))


def until(words: Wording, at: datetime | None) -> str:
    """Such as "12/07 10:00 JST まで"."""
    if at is None:
        return words.say("oncall.until_further_notice")
    return words.say("oncall.until", at=words.moment(at))


def _handover(words: Wording, data: Data) -> Iterator[str]:
    changes = [
        words.say(
            "oncall.change",
            place=_place(change["place"]),
            former=words.handle(str(change["former"])),
            who=words.handle(str(change["handle"])),
            until=until(words, _moment(change["until"])),
        )
        for change in _facts(data["changes"])
    ]
    yield words.say("oncall.handover", changes=" · ".join(changes))
    yield _incidents(words, data)


def _on_duty(words: Wording, data: Data) -> Iterator[str]:
    own = [change for change in _facts(data["changes"]) if change["handle"] == data["handle"]]
    places = [_own_place(words, each) for each in own]
    yield words.say("oncall.on_duty", places=" · ".join(places))
    yield _incidents(words, data)


def _own_place(words: Wording, change: Data) -> str:
    ends = until(words, _moment(change["until"]))
    return words.say("oncall.your_place", place=_place(change["place"]), until=ends)


def _soon(words: Wording, data: Data) -> Iterator[str]:
    starts = _starts(data)
    yield words.say(
        "oncall.soon",
        at=words.moment(starts),
        relative=timestamps.relative(starts),
        places=_places(data),
        until=until(words, _moment(data["ends"])),
    )
    gaps = list(_gaps(words, data))
    yield words.say("oncall.soon_gaps" if gaps else "oncall.soon_fine")
    yield from gaps


def _lacks(words: Wording, data: Data) -> Iterator[str]:
    who, places = words.handle(str(data["handle"])), _places(data)
    if data.get("standing"):
        yield words.say("oncall.gaps_now", who=who, places=places)
    else:
        yield words.say("oncall.gaps", who=who, places=places, at=words.moment(_starts(data)))
    yield from _gaps(words, data)


ONCALL_POSTS: Final[Mapping[DeliveryKind, Callable[[Wording, Data], Iterator[str]]]] = {
    DeliveryKind.HANDOVER: _handover,
    DeliveryKind.ON_DUTY: _on_duty,
    DeliveryKind.ON_DUTY_SOON: _soon,
    DeliveryKind.ON_DUTY_GAPS: _lacks,
}


def _gaps(words: Wording, data: Data) -> Iterator[str]:
    for found in _facts(data["gaps"]):
        gap = Gap(str(found["gap"]))
        shown = channel_name if gap is Gap.NO_CHANNEL else role_name
        names = found["names"]
        assert isinstance(names, list | tuple)
        yield words.say(f"oncall.gap.{gap.value}", names=", ".join(shown(str(name)) for name in names))


def _incidents(words: Wording, data: Data) -> str:
    lines = [_incident(words, each) for each in _facts(data["incidents"])]
    if not lines:
        return words.say("oncall.no_incidents")
    more = words.say("state.more", count="{count}")
    return words.say(
        "oncall.incidents", incidents=joined(lines, separator=" · ", limit=_LINE_LIMIT, more=more)
    )


def _incident(words: Wording, told: Data) -> str:
    status, where, title = Status(str(told["status"])), told["where"], told["title"]
    name = f"**{told['label']}**"
    if isinstance(where, list | tuple):
        name = f"[{told['label']}]({place_url(int(where[0]), int(where[1]))})"
    fields = {
        "state": f"{SIGNS[status]} {words.say(f'state.{status.value}')}",
        "name": name,
        "severity": inert(str(told["severity"]), limit=40),
    }
    if title is None:
        return words.say("oncall.incident_hidden", **fields)
    return words.say("oncall.incident", **fields, title=inert(str(title), limit=_TITLE_LIMIT))


def _facts(kept: object) -> list[Data]:
    assert isinstance(kept, list | tuple)
    return list(kept)


def _places(data: Data) -> str:
    places = data["places"]
    assert isinstance(places, list | tuple)
    return ", ".join(_place(place) for place in places)


def _place(place: object) -> str:
    return inert(str(place), limit=60)


def _starts(data: Data) -> datetime:
    return datetime.fromisoformat(str(data["starts"]))


def _moment(kept: object) -> datetime | None:
    return None if kept is None else datetime.fromisoformat(str(kept))
