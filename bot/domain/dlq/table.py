"""The table of undelivered notifications: it belongs to another program, so the policy names its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from bot.domain.errors import DlqUnavailable


class DlqColumn(StrEnum):
    """A column by our name, which is the runbook's. Source: the runbook, DLQ 確認."""

    ID = "id"
    ATTEMPTED_AT = "attempted_at"
    CHANNEL = "channel"
    SEVERITY = "severity"
    TITLE = "title"
    HTTP_STATUS = "http_status"
    RETRY_COUNT = "retry_count"
    ERROR_MESSAGE = "error_message"
    STATUS = "status"
    FALLBACK_EMAIL_SENT = "fallback_email_sent"
    PAYLOAD = "payload"


#: Without these no entry can be named or put in order.
REQUIRED: Final = (DlqColumn.ID, DlqColumn.ATTEMPTED_AT)


@dataclass(frozen=True, slots=True)
class DlqTable:
    """The policy's names for the table and its columns.

    Attributes:
        columns: Our name -> theirs, where they differ; None: the table has nothing of the kind.
        most_severe: How it writes the priority that the runbook asks about first ("P0").
        failed: How its `status` says that a notification was given up.
    """

    schema: str = "admin"
    name: str = "notification_failures"
    columns: Mapping[DlqColumn, str | None] = field(default_factory=lambda: MappingProxyType({}))
    most_severe: str = "P0"
    failed: str = "failed"

    def named(self, column: DlqColumn) -> str | None:
        """Return their name of *column*; None if the policy says that there is none."""
        return self.columns.get(column, column.value)

    def __str__(self) -> str:
        """Return the name as a person writes it."""
        return f"{self.schema}.{self.name}"


class Misfit(StrEnum):
    """Why the team's DLQ table cannot be read at all."""

    NO_TABLE = "no_table"
    NO_COLUMN = "no_column"
    NO_PERMISSION = "no_permission"
    WRONG_TYPE = "wrong_type"


class Unrecorded(StrEnum):
    """Why the bot cannot write its own failures into the table, which it can read."""

    READ_ONLY = "read_only"  # a view, or a role without INSERT
    REQUIRED_COLUMN = "required_column"  # one that the bot does not know must be filled
    ID_TYPE = "id_type"  # too small for an id that no other program uses
    GENERATED = "generated"  # a column that the bot must fill is computed


@dataclass(frozen=True, slots=True)
class TableReport:
    """What the table turned out to be, for `doctor`.

    Attributes:
        table: Its name as a person writes it.
        misfit: Why it cannot be read, with the *concerned* columns by their own names.
        missing: Columns that the policy expects and the table lacks: what needs them is off.
        unrecorded: Why the bot's own failures are not written there.
        indexes: Statements that make the indexes which the console's pages lack.
    """

    table: str
    misfit: Misfit | None = None
    concerned: tuple[str, ...] = ()
    missing: tuple[DlqColumn, ...] = ()
    unrecorded: Unrecorded | None = None
    indexes: tuple[str, ...] = ()


class DlqMisfit(DlqUnavailable):
    """The table cannot be read as the policy describes it, until a person corrects one of the two."""

    def __init__(self, report: TableReport) -> None:
        super().__init__(f"{report.table}: {report.misfit}, {', '.join(report.concerned)}".rstrip(", "))
        self.report = report
