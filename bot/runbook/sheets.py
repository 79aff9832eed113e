"""``[sheets.<topic>]``: commands to copy, and ``[targets.values]``: what fills them in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final

from bot.domain.sheets import Sheet, SheetCommand, TargetValues
from bot.domain.triage.tree import Text
from bot.runbook.fields import values
from bot.runbook.fields.rules import AtMost, Section, some

#: Discord: options of the select that lists the topics.
MOST_SHEETS: Final = 25
#: The bot's own limits: a sheet is one message.
MOST_COMMANDS: Final = 8
_MOST_CHOICES: Final = 25

_Name = Annotated[str, values.matching(r"[a-z][a-z0-9_]{0,23}", "a placeholder's name", '"worker", "env"')]
#: A value goes into a command that people run: nothing in it may mean more than its letters.
_Value = Annotated[
    str,
    values.matching(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,39}", "a value", 'letters, digits and ._/- ("public")'),
]
Topic = Annotated[
    str, values.matching(r"[a-z][a-z0-9_]{0,23}", "a topic", '1 to 24 of a-z, 0-9 and _ ("worker_logs")')
]
ValuesOfTarget = dict[_Name, _Value]
ChoicesOfName = dict[_Name, Annotated[tuple[_Value, ...], AtMost(_MOST_CHOICES)]]


class SheetCommandTable(Section):
    """``[[sheets.<topic>.commands]]``."""

    label: values.Label
    command: Annotated[str, values.string_up_to(1000, "a command", "gh run list --limit 10")]
    targets: tuple[values.Target, ...] = ()


class SheetTable(Section):
    """``[sheets.<topic>]``."""

    title: values.Label
    targets: tuple[values.Target, ...] = ()
    symptoms: tuple[values.Id, ...] = ()
    note: Annotated[Text, values.text_up_to(300)] | None = None
    step: Annotated[str, values.string_up_to(80, "words of a step", "wrangler tail")] = ""
    commands: Annotated[
        tuple[SheetCommandTable, ...], AtMost(MOST_COMMANDS), some("has no command; allowed: at least one")
    ]

    def value(self, topic: str) -> Sheet:
        """Return the sheet of *topic*."""
        return self.into(
            Sheet, topic=topic, commands=tuple(command.into(SheetCommand) for command in self.commands)
        )


Sheets = Annotated[dict[Topic, SheetTable], AtMost(MOST_SHEETS)]


def sheets_of(tables: Mapping[str, SheetTable]) -> Mapping[str, Sheet]:
    """Return the sheets by topic, in the file's order."""
    return MappingProxyType({topic: table.value(topic) for topic, table in tables.items()})


def target_values(
    of: Mapping[str, Mapping[str, str]], choices: Mapping[str, tuple[str, ...]]
) -> TargetValues:
    """Return what fills in the commands."""
    return TargetValues(
        MappingProxyType({target: MappingProxyType(dict(named)) for target, named in of.items()}),
        MappingProxyType(dict(choices)),
    )
