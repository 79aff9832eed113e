"""Pasted output: what of it is shown, and which first step it completes."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.incident.checklist import Checklist
from bot.domain.sheets.sheet import Sheet

#: Characters and lines that the thread and the timeline show; a longer output is a file as well.
SHOWN: Final = 1_200
SHOWN_LINES: Final = 14
#: Of these, how many are from the beginning; an error is mostly at the end.
_FIRST_LINES: Final = 4
#: The line in place of the lines between.
GAP: Final = "…"


@dataclass(frozen=True, slots=True)
class OutputPreview:
    """Output that a person has pasted, without its secrets, until they confirm it.

    Attributes:
        id: Of the interaction that pasted it.
        by_id: Who pasted it: nobody else sees it or may confirm it.
        key: Of the timeline entry that it becomes.
        text: Masked.
        counts: How many secrets were masked, by kind.
        topic: Of the command sheet; empty if the person did not say.
        url: The message that it was taken from; empty for a form.
    """

    id: int
    guild_id: int
    incident_id: int
    by_id: int
    key: str
    text: str
    counts: Mapping[str, int]
    topic: str = ""
    url: str = ""

    @property
    def shown(self) -> str:
        """Return what the thread and the timeline show of it."""
        return shortened(self.text)

    @property
    def lines(self) -> int:
        """Return how many lines the whole has."""
        return len(self.text.splitlines())

    @property
    def is_file(self) -> bool:
        """Return True if the whole is a file as well."""
        return self.shown != self.text


def shortened(text: str) -> str:
    """Return the first and the last lines of *text*, or all of it if it is short."""
    lines = text.splitlines()
    if len(lines) <= SHOWN_LINES and len(text) <= SHOWN:
        return text
    first, last = lines[:_FIRST_LINES], lines[_FIRST_LINES:][-(SHOWN_LINES - _FIRST_LINES) :]
    room = SHOWN // SHOWN_LINES if len(lines) > 1 else SHOWN
    gap = [GAP] if len(lines) > len(first) + len(last) else []
    return "\n".join([*(_cut(line, room) for line in first), *gap, *(_cut(line, room) for line in last)])


def step_of(sheet: Sheet | None, checklist: Checklist, *, done: Collection[int]) -> int | None:
    """Return the index of the first open step that output of *sheet* completes; None if there is none."""
    if sheet is None or not sheet.step:
        return None
    wanted = sheet.step.casefold()
    matching = (
        index
        for index, step in enumerate(checklist.steps)
        if index not in done and (wanted in step.ja.casefold() or wanted in step.en.casefold())
    )
    return next(matching, None)


def _cut(line: str, room: int) -> str:
    return line if len(line) <= room else line[: room - 1] + GAP
