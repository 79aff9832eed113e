"""Say which pages have left Discord, and with what result."""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.paging import SYSTEMS, Also, Way
from bot.ui.words.wording import Wording


def outside_of(words: Wording, incident: Incident, who: str) -> list[str]:
    """Return the result of each way to a person outside Discord: "push (ntfy) sent".

    Args:
        who: As `Wording.on_call` shows them.
    """
    return list(
        _results(
            words,
            [
                (one.way, one.sent_at is not None)
                for one in incident.calls.outside
                if one.who is not None and words.on_call([one.who]) == who
            ],
        )
    )


def to_come(words: Wording, incident: Incident, also: Iterable[str], places: Iterable[str]) -> list[str]:
    """Return the ways by which a step will leave Discord: "push", "PagerDuty".

    Those that the bot is set up for, and that one of its people has an address for. A drill stays in Discord.

    Args:
        also: As `Also` has them.
        places: The on-call places that the step pages.
    """
    if incident.is_drill:
        return []
    people = [who for place in places if (who := words.person_at(place)) is not None]
    return [
        words.say(f"outside.also.{way}")
        for way in Also
        if way in set(also) and any(_goes(words, one, people, way) for one in SYSTEMS[way])
    ]


def _goes(words: Wording, system: Way, people: Sequence[OnCallPerson], way: Also) -> bool:
    is_addressed = not way.is_personal or any(who.address(system) is not None for who in people)
    return system in words.ways and is_addressed


def shared(words: Wording, incident: Incident) -> list[str]:
    """Return the results of the ways that page by themselves: "PagerDuty sent"."""
    return list(
        _results(
            words, [(one.way, one.sent_at is not None) for one in incident.calls.outside if one.who is None]
        )
    )


def _results(words: Wording, pages: list[tuple[str, bool]]) -> Iterator[str]:
    """Yield each way once, with success if any of its pages was accepted."""
    for way in dict.fromkeys(way for way, _ in pages if way in set(Way)):
        name = words.say(f"outside.way.{way}")
        yield words.say(f"outside.{'sent' if (way, True) in pages else 'refused'}", way=name)
