"""Pasted output: what of it is shown, and which first step it completes."""

from collections.abc import Collection
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
