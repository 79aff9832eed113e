"""The everyday sections of the policy file, `[dlq]` among them, and its sheets of commands.

Values that are left out get their defaults here. A capability adds its own keys to `[dlq]`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from types import MappingProxyType
from typing import Annotated, Final, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, model_validator

from bot.domain.calendar.business_time import WORKING_WEEK, BusinessHours
from bot.domain.dlq import DlqColumn, DlqTable
from bot.domain.sheets import Sheet, SheetCommand, TargetValues
from bot.domain.triage.tree import Text
from bot.runbook.days_off.calendar import DaysOff
from bot.runbook.fields import moments, values
from bot.runbook.fields.problems import not_a_key
from bot.runbook.fields.rules import AtMost, Names, Problem, Rule, Section, some

#: PostgreSQL cuts longer names, bytes.
_NAME_BYTES = 63
_NAME = r"[^\W\d][\w$ -]*"

#: Discord: options of the select that lists the topics.
MOST_SHEETS: Final = 25

#: The bot's own limits: a sheet is one message.
MOST_COMMANDS: Final = 8
_MOST_CHOICES: Final = 25
MOST_OPTIONS = 25  # Discord: options in a select menu
DEFAULT_TARGETS = ("production", "development")
DEFAULT_SYMPTOMS = MappingProxyType(
    {
        "full_outage": Text("完全停止", "Total outage"),
        "partial_failure": Text("部分機能不全", "Partial failure"),
        "slow": Text("レスポンス遅延", "Slow responses"),
        "errors": Text("エラー率上昇", "Rising error rate"),
    }
)


class FollowsDlqTable:
    """Base of a capability's rules that belong to the table.

    Where the home guild's table is taken in the place of a guild's own, so are these.
    """

    __slots__ = ()


def _name(value: object) -> str:
    name = values.fitting(_NAME, value)
    if len(name.encode()) > _NAME_BYTES:
        raise ValueError(name)
    return name


def _table(value: object) -> tuple[str, str]:
    text = values.string(value)
    schema, dot, name = text.rpartition(".")
    return (_name(schema) if dot else "public"), _name(name)


_COLUMN = Rule(
    "the name of a column", f'the name as the table has it, at most {_NAME_BYTES} bytes ("sent_at")', _name
)
_Required: TypeAlias = Annotated[str, _COLUMN]
_Optional: TypeAlias = Annotated[
    str | None, values.or_none(_COLUMN, " where the table has nothing of the kind")
]
_Table: TypeAlias = Annotated[
    tuple[str, str],
    Rule("the name of a table", 'the schema and the name ("admin.notification_failures")', _table),
]
_Word: TypeAlias = Annotated[str, values.string_up_to(60, "a value of the column", "failed")]


class ColumnsTable(Section):
    """``[dlq.columns]``: our names, each with the table's."""

    id: _Required = "id"
    attempted_at: _Required = "attempted_at"
    channel: _Optional = "channel"
    severity: _Optional = "severity"
    title: _Optional = "title"
    http_status: _Optional = "http_status"
    retry_count: _Optional = "retry_count"
    error_message: _Optional = "error_message"
    status: _Optional = "status"
    fallback_email_sent: _Optional = "fallback_email_sent"
    payload: _Optional = "payload"


def _each_once(columns: ColumnsTable) -> ColumnsTable:
    named = [name for name in dict(columns).values() if name is not None]
    for column, name in dict(columns).items():
        if named.count(name) > 1:
            raise Problem(f'names "{name}" twice; allowed: each column of the table once', key=column)
    return columns


class DlqTableSection(Section):
    """``[dlq]``, as far as the core needs it."""

    table: _Table = ("admin", "notification_failures")
    columns: Annotated[ColumnsTable, AfterValidator(_each_once)] = ColumnsTable()
    most_severe: _Word | None = None
    failed: _Word = "failed"

    def value(self, priority: str) -> DlqTable:
        """Return the table; *priority* is the highest severity's."""
        schema, name = self.table
        named = {DlqColumn(column): their for column, their in dict(self.columns).items()}
        return DlqTable(schema, name, named, self.most_severe or priority, self.failed)


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


@dataclass(frozen=True, slots=True)
class Permissions:
    """Role names or ids per action; empty admits everyone, and `private` is never empty."""

    triage: tuple[str, ...]
    acknowledge: tuple[str, ...]
    severity: tuple[str, ...]
    private: tuple[str, ...]
    drill: tuple[str, ...]
    actions: tuple[str, ...]
    oncall: tuple[str, ...]
    digest: tuple[str, ...]
    dlq: tuple[str, ...]
    replay: tuple[str, ...]
    load: tuple[str, ...]
    mute: tuple[str, ...]
    replay_mentions: tuple[str, ...]
    audit: tuple[str, ...]
    announce: tuple[str, ...]


def _each_target_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise Problem("names a target twice; allowed: each once")
    return names


_Targets = Annotated[
    tuple[values.Target, ...],
    AtMost(MOST_OPTIONS),
    some(f"names no target; allowed: 1 to {MOST_OPTIONS}, each {values.TARGET.allowed}"),
    AfterValidator(_each_target_once),
]


#: By target, or "*".
_ByTarget = Annotated[dict[values.Target, ValuesOfTarget], AtMost(MOST_OPTIONS + 1)]


class TargetTable(Section):
    """``[targets."<target>"]``: a target's own table."""

    team: values.Id | None = None
    depends_on: Annotated[tuple[values.Target, ...], AtMost(MOST_OPTIONS)] = ()


_OwnTables = dict[values.Target, TargetTable]


class TargetsTable(Section):
    """``[targets]``: what can be affected, and what fills in the commands for it.

    A target is one of ``names`` or has a table of its own.
    """

    names: _Targets = DEFAULT_TARGETS
    values: _ByTarget = Field(default_factory=dict)
    choices: Annotated[ChoicesOfName, AtMost(MOST_OPTIONS)] = Field(default_factory=dict)
    own: _OwnTables = Field(default_factory=dict, alias="(own)")

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, table: object) -> object:
        """Set the targets' own tables apart from the options."""
        if not isinstance(table, dict):
            return table
        own = {
            key: value
            for key, value in table.items()
            if isinstance(value, dict) and key not in cls.model_fields
        }
        return {**{key: value for key, value in table.items() if key not in own}, "(own)": own}

    @model_validator(mode="after")
    def _fits(self) -> "TargetsTable":
        if len(self.every) > MOST_OPTIONS:
            raise Problem(f"has {len(self.every)} targets; allowed: at most {MOST_OPTIONS}")
        return self

    @property
    def every(self) -> tuple[str, ...]:
        """Return every target: ``names``, then those that have a table alone."""
        listed = self.names if "names" in self.model_fields_set or not self.own else ()
        return tuple(dict.fromkeys((*listed, *self.own)))


#: ``[targets]``, or a plain list.
Targets = Annotated[
    Annotated[_Targets, Tag("(list)")] | Annotated[TargetsTable, Tag("(table)")],
    Discriminator(lambda value: "(list)" if isinstance(value, list) else "(table)"),
]


class CapabilitiesTable(Section):
    """``[capabilities]``. A capability that is *off* may also be absent, and its table stay in the file."""

    off: tuple[values.Id, ...] = ()


class HoursTable(Section):
    """``[business_hours]``."""

    holidays: moments.Country = "JP"
    start: moments.Time = time(10)
    end: moments.Time = time(19)
    triage_by: moments.Time = time(11)
    days: Annotated[
        tuple[values.Day, ...],
        some('names no day; allowed: at least one of "mon" to "sun"'),
    ] = WORKING_WEEK
    days_off: tuple[moments.Date, ...] = ()

    def value(self, timezone: ZoneInfo) -> BusinessHours:
        """Return the table as business hours in *timezone*."""
        return BusinessHours(
            timezone=timezone,
            starts=self.start,
            ends=self.end,
            triage_by=self.triage_by,
            days=self.days,
            holidays=DaysOff(self.holidays, frozenset(self.days_off)),
        )


def _severity_of_sheet(name: object, info: ValidationInfo[Names]) -> str:
    if info.context.severities and name not in info.context.severities:
        raise Problem(not_a_key(str(name), info.context.severities))
    return str(name)


SheetName = Annotated[str, AfterValidator(_severity_of_sheet)]


def _responders(read: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return read.get("acknowledge", ())


def _replayers(read: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return read.get("replay", ())


class PermissionsTable(Section):
    """``[permissions]``; left out: everybody reports and responds, only "admin" does the rest."""

    triage: values.Roles = ()
    acknowledge: values.Roles = ()
    severity: values.Roles = Field(default_factory=_responders)
    private: Annotated[
        values.Roles, some("admits everyone, and nothing would be private; allowed: at least one role")
    ] = ("admin",)
    drill: values.Roles = Field(default_factory=_responders)
    actions: values.Roles = Field(default_factory=_responders)
    oncall: values.Roles = ("admin",)
    digest: values.Roles = ("admin",)
    dlq: values.Roles = ("admin",)
    replay: values.Roles = ("admin",)
    mute: values.Roles = ("admin",)
    load: values.Roles = Field(default_factory=_responders)
    replay_mentions: values.Roles = Field(default_factory=_replayers)
    audit: values.Roles = ("admin",)
    announce: values.Roles = Field(default_factory=_responders)

    def value(self) -> Permissions:
        """Return the roles that may use each kind of command."""
        return self.into(Permissions)


class ThreadsTable(Section):
    """``[threads]``."""

    archive_after: moments.Duration = timedelta(days=1)
