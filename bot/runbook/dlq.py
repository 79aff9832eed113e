"""``[dlq]``: the table of undelivered notifications by its owner's names. A capability adds its own keys."""

from typing import Annotated, TypeAlias

from pydantic import AfterValidator

from bot.domain.dlq import DlqColumn, DlqTable
from bot.runbook.fields import values
from bot.runbook.fields.rules import Problem, Rule, Section

#: PostgreSQL cuts longer names, bytes.
_NAME_BYTES = 63
_NAME = r"[^\W\d][\w$ -]*"


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
