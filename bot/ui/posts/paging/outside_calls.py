"""Say which pages have left Discord, and with what result."""

from collections.abc import Iterator

from bot.domain.incident.incident import Incident
from bot.domain.paging.ways import Way
from bot.ui.words.wording import Wording


def outside_of(words: Wording, incident: Incident, who: str) -> list[str]:
    """Return the result of each way to a person outside Discord: "push (ntfy)", "email not delivered".

    Args:
        who: As `Wording.on_call` shows them.
    """
    return list(
        _results(
            words,
            [
                (one.way, one.sent_at is not None)
                for one in incident.calls.outside
                if _is(words, one.who, who)
            ],
        )
    )


def shared(words: Wording, incident: Incident) -> list[str]:
    """Return the results of the ways that page by themselves: "PagerDuty"."""
    return list(
        _results(
            words, [(one.way, one.sent_at is not None) for one in incident.calls.outside if one.who is None]
        )
    )


def _is(words: Wording, given: str | None, who: str) -> bool:
    return given is not None and words.on_call([given]) == who


def _results(words: Wording, pages: list[tuple[str, bool]]) -> Iterator[str]:
    """Yield each way once; it has worked if any of its pages was taken."""
    for way in dict.fromkeys(way for way, _ in pages if way in set(Way)):
        name = words.say(f"outside.way.{way}")
        yield name if (way, True) in pages else words.say("outside.refused", way=name)
