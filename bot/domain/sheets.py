"""Command sheets: commands to copy, with placeholders such as ``{worker}``; and pasted output.

The bot runs none of them. What is kept of an output is without its secrets.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.domain.delivery.delivery import AttachedFiles
from bot.domain.incident.forms import Checklist
from bot.domain.timeline.entries import EntryData, TimelineKind
from bot.domain.triage.tree import Text

#: The target whose values count for every target that has none of its own.
EVERY: Final = "*"

#: ``{worker}``. ``${HOME}`` is the shell's; ``{{print}}`` stands for ``{print}``.
PLACEHOLDER: Final = re.compile(r"\{\{(?P<kept>[a-z][a-z0-9_]*)\}\}|(?<!\$)\{(?P<name>[a-z][a-z0-9_]*)\}")

#: What a command that is a link looks like as a whole.
_URL: Final = re.compile(r"https?://[\w-]+(\.[\w-]+)+(:\d{1,5})?(/[^\s<>]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class SheetCommand:
    """A command to copy, of one or several lines, or an address to open.

    Attributes:
        label: What it is for; may have placeholders as well.
        targets: The targets that it is for; empty for all.
    """

    label: Text
    command: str
    targets: tuple[str, ...] = ()

    @property
    def placeholders(self) -> tuple[str, ...]:
        """Return the names of the placeholders in label and command, each once."""
        texts = (self.label.ja, self.label.en, self.command)
        found = (each["name"] for text in texts for each in PLACEHOLDER.finditer(text))
        return tuple(dict.fromkeys(name for name in found if name is not None))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The commands of one topic.

    Attributes:
        topic: Its name, as people type it: "worker_logs".
        targets: The targets that it is for; empty for all.
        symptoms: The ids of the symptoms with which it comes before other sheets.
        note: What to know before one copies: the folder, for instance.
        step: Words of the first-response step that its output completes; empty for none.
    """

    topic: str
    title: Text
    commands: tuple[SheetCommand, ...]
    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    note: Text | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class TargetValues:
    """What placeholders stand for.

    Attributes:
        of: By target, or `EVERY`: the values by the placeholder's name.
        choices: By the placeholder's name: what a person may choose where no target decides.
    """

    of: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, target: str | None) -> Mapping[str, str]:
        """Return the values for *target*; None if it is not known what is affected."""
        return {**self.of.get(EVERY, {}), **({} if target is None else self.of.get(target, {}))}

    def options(self, name: str) -> tuple[str, ...]:
        """Return what the placeholder *name* may stand for, in the policy's order; empty if that is open."""
        known = (values[name] for values in self.of.values() if name in values)
        return self.choices.get(name) or tuple(dict.fromkeys(known))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all placeholders that have a value or choices."""
        return tuple(dict.fromkeys([*(name for one in self.of.values() for name in one), *self.choices]))


@dataclass(frozen=True, slots=True)
class FilledCommand:
    """A command as a person copies it.

    Attributes:
        label: Filled in as well.
        left: The placeholders that no value is known for; the command shows them as ``<name>``.
        number: The place of the command in its sheet, from 0; targets may fill in one command differently.
    """

    label: Text
    command: str
    left: tuple[str, ...] = ()
    number: int = field(default=0, compare=False)

    @property
    def is_link(self) -> bool:
        """Return True if the command is an address to open in a browser."""
        return _URL.fullmatch(self.command) is not None


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """A sheet whose commands are filled in for an incident's targets."""

    sheet: Sheet
    commands: tuple[FilledCommand, ...]

    @property
    def to_copy(self) -> tuple[FilledCommand, ...]:
        """Return the commands that are no links."""
        return tuple(one for one in self.commands if not one.is_link)

    @property
    def links(self) -> tuple[FilledCommand, ...]:
        """Return the addresses to open."""
        return tuple(one for one in self.commands if one.is_link)

    @property
    def left(self) -> tuple[str, ...]:
        """Return the placeholders without a value, each once."""
        return tuple(dict.fromkeys(name for one in self.commands for name in one.left))


@dataclass(frozen=True, slots=True)
class Affected:
    """What is affected, as far as it is known.

    Attributes:
        targets, symptoms: As the policy lists them; empty while they are not known.
        given: Values that a person named, which count instead of the target's.
    """

    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()
    given: Mapping[str, str] = field(default_factory=dict)


def fill(sheet: Sheet, values: TargetValues, affected: Affected) -> FilledSheet:
    """Return the commands of *sheet* for what is affected, one for each target that fills it in differently.

    Commands for other targets are left out. While no target is known, every command is there.
    """
    found = [
        _filled(command, {**values.values(target), **affected.given}, number=number)
        for number, command in enumerate(sheet.commands)
        for target in _targets_for(command.targets or sheet.targets, affected.targets)
    ]
    return FilledSheet(sheet, tuple(dict.fromkeys(found)))


def fitting(sheets: Iterable[Sheet], affected: Affected) -> tuple[Sheet, ...]:
    """Return the sheets for what is affected, those for its symptoms and then its targets first."""
    known = [sheet for sheet in sheets if _targets_for(sheet.targets, affected.targets)]

    def rank(sheet: Sheet) -> tuple[bool, bool]:
        return not _meets(sheet.symptoms, affected.symptoms), not _meets(sheet.targets, affected.targets)

    return tuple(sorted(known, key=rank))


def opening(sheets: Iterable[FilledSheet], *, most: int) -> tuple[FilledCommand, ...]:
    """Return the *most* commands to begin with: the first one of each sheet, for every target.

    Links are left out: a message that people copy from has no use for them.
    """
    firsts = [command for sheet in sheets for command in _first(sheet)]
    return tuple(dict.fromkeys(firsts))[:most]


def _first(filled: FilledSheet) -> tuple[FilledCommand, ...]:
    """Return the first command of a sheet, as often as targets fill it in differently."""
    number = min((one.number for one in filled.to_copy), default=0)
    return tuple(one for one in filled.to_copy if one.number == number)


def _targets_for(wanted: Collection[str], targets: tuple[str, ...]) -> tuple[str | None, ...]:
    """Return those of *targets* that something for *wanted* is for; (None,) while none is known."""
    if not targets:
        return (None,)
    return tuple(target for target in targets if not wanted or target in wanted)


def _meets(wanted: Collection[str], known: Collection[str]) -> bool:
    return bool(set(wanted).intersection(known))


def _filled(command: SheetCommand, values: Mapping[str, str], *, number: int) -> FilledCommand:
    put = _writer(values)
    label = Text(put(command.label.ja), put(command.label.en))
    left = tuple(name for name in command.placeholders if name not in values)
    return FilledCommand(label, put(command.command), left, number)


def _writer(values: Mapping[str, str]) -> Callable[[str], str]:
    def write(found: re.Match[str]) -> str:
        if (kept := found["kept"]) is not None:
            return "{" + kept + "}"
        return values.get(found["name"], f"<{found['name']}>")

    return lambda text: PLACEHOLDER.sub(write, text)


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


class OutputEntry(EntryData, kind=TimelineKind.OUTPUT):
    """The output of a command.

    Attributes:
        text: Masked, and shortened if it is long; the whole is in the file.
        topic: Of the command sheet that it belongs to; empty if that is not known.
        masked: How many secrets were masked.
        lines: How many the whole has.
        file: The key of the stored file; empty if *text* is the whole.
        url: The message that it was taken from; empty for a form.
    """

    text: str
    topic: str = ""
    masked: int = 0
    lines: int = 0
    file: str = ""
    url: str = ""


class OutputData(AttachedFiles):
    """What the message in the thread shows; attributes as `OutputEntry`.

    Attributes:
        by: The name of the person who pasted it.
        counts: How many secrets were masked, by kind.
    """

    by: str
    text: str
    topic: str = ""
    counts: dict[str, int]
    lines: int = 0
