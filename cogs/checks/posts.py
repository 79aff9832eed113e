"""The message with the state of every system: worst first, half a phone screen, a button to check again.

The timeline's details have the same words. What systems say is shown inert.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident
from bot.domain.systems import CheckResult, SystemKind, SystemState
from bot.services.ports import Subject
from bot.ui.buttons import OwnVerb, row
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, Renderers, about, message
from bot.ui.words.systems import SIGNS, fact_of, name_of
from bot.ui.words.timeline_details import EntryLook
from bot.ui.words.wording import Wording
from cogs.checks.rules import CheckDelivery, CheckedEntry, ChecksShown

#: [🔄 もう一度確認]: the systems, in the message of the last time.
CHECK: Final = OwnVerb("check", "🔄")

#: Lines of half a phone screen; with more, the healthy systems share one.
_LINES: Final = 8
_NAMES_LIMIT: Final = 300


def checks_post(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the message with the live checks of an incident."""
    incident = about(Incident, delivery, subject)
    shown = ChecksShown.from_json(delivery.data)
    is_over = shown.finished_at is not None
    buttons = [words.buttons.make(CHECK, incident.id)] if is_over else []
    return message(text(words, shown), components=row(buttons))


def text(words: Wording, shown: ChecksShown) -> str:
    """Return the text of the message, as far as the results are known."""
    parts = [_head(words, shown)]
    for each in _lines(words, shown):
        if sum(map(len, parts)) + len(parts) + len(each) > CONTENT_LIMIT:
            break
        parts.append(each)
    return "\n".join(parts)


def _head(words: Wording, shown: ChecksShown) -> str:
    if shown.finished_at is None:
        if not shown.systems:
            return words.say("systems.message.begun")
        return words.say("systems.message.running", done=len(shown.results), all=shown.systems)
    at = words.time_of_day(shown.finished_at, seconds=True)
    if shown.asked_by is None:
        return words.say("systems.message.done", at=at)
    return words.say("systems.message.done_by", at=at, who=words.who(shown.asked_by))


def _lines(words: Wording, shown: ChecksShown) -> Iterator[str]:
    results = shown.results
    fine = [each for each in results if each.state is SystemState.OK] if len(results) > _LINES else []
    listed = [each for each in results if each not in fine]
    yield from (line(words, each) for each in listed)
    if fine:
        names = words.joined([name_of(words, each) for each in fine], limit=_NAMES_LIMIT)
        yield words.say("systems.message.fine", systems=names)
    if shown.finished_at is not None and not results:
        yield words.say("systems.message.nothing")
    if shown.finished_at is not None and shown.unconfigured:
        yield words.say("systems.message.unconfigured", systems=kinds(words, shown.unconfigured))


def line(words: Wording, result: CheckResult, *, is_linked: bool = True) -> str:
    """Return one line: sign, system with its link, fact."""
    name = name_of(words, result)
    url = (is_linked and result.url) or ""
    if url.startswith(("https://", "http://")) and not set(url) & set("<>() \n"):
        name = f"[{name}](<{url}>)"
    return words.say(
        "systems.message.line", sign=SIGNS[result.state], system=name, fact=fact_of(words, result)
    )


def checked(words: Wording, data: CheckedEntry, _limit: int) -> Iterator[str]:
    """Yield the details of the timeline's entry: what is not healthy, and how many systems are."""
    fine = [each for each in data.results if each.state is SystemState.OK]
    yield from (line(words, each, is_linked=False) for each in data.results if each not in fine)
    if fine:
        yield words.say("systems.message.healthy", count=len(fine))


def kinds(words: Wording, named: Iterable[SystemKind]) -> str:
    """Return the names of *named* kinds of systems, joined."""
    return words.joined([words.say(f"systems.kind.{kind}") for kind in named], limit=_NAMES_LIMIT)


RENDERERS: Final[Renderers] = {CheckDelivery.POST: checks_post}

ENTRIES: Final = (EntryLook(CheckedEntry, checked),)
