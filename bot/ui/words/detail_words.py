"""The words about corrected details of an incident: its title, its start, its targets and symptoms."""

from collections.abc import Iterator
from typing import Final

from bot.domain.incident.forms import StartChange, TitleChange
from bot.domain.incident.records import DetailsChangedEntry
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_LIST_LIMIT: Final = 300


def title_and_start_changes(
    words: Wording, title: TitleChange | None, start: StartChange | None, *, limit: int
) -> Iterator[str]:
    """Yield title and start, before and after.

    Args:
        limit: Characters of both titles together.
    """
    if title is not None:
        before, after = (inert(one, limit=limit // 2) for one in (title.before, title.after))
        yield words.say("history.fact.title", before=before, after=after)
    if start is not None:
        before, after = (words.exact(one) for one in (start.before, start.after))
        yield words.say("history.fact.started_at", before=before, after=after)


def details_changed(words: Wording, data: DetailsChangedEntry, limit: int) -> Iterator[str]:
    """Yield what was corrected: title, start, targets, symptoms."""
    yield from title_and_start_changes(words, data.title, data.started_at, limit=limit)
    if targets := words.targets(list(data.targets or ()), limit=_LIST_LIMIT):
        yield words.say("history.fact.targets", targets=targets)
    if symptoms := words.symptoms(list(data.symptoms or ()), limit=_LIST_LIMIT):
        yield words.say("history.fact.symptoms", symptoms=symptoms)
