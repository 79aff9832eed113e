"""Notifications that were not delivered: their table, which belongs to another program, and lists of them.

Source: the runbook, 通知が届かなかった疑いがあるとき (DLQ 確認).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

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


#: The HTTP status of a filter for failures to which no answer came.
NO_ANSWER: Final = 0

#: Hours that a list reaches back unless it is asked for others, and at most.
USUAL_HOURS: Final = 24
MOST_HOURS: Final = 720


@dataclass(frozen=True, slots=True)
class DlqFilter:
    """Which failures to list.

    Attributes:
        hours: How far back, 1..720, unless *since* says from when.
        severity: A priority as the table holds it ("P0"), or None for all.
        channel: Without '#', or None for all.
        http_status: Discord's answer; `NO_ANSWER` if there was none; None for all.
        status: A state as the table holds it ("failed"), or None for all.
        text: A part of the title or the error, in either case; None for all.
        since, until: From when (inclusive) until when, aware; *until* may be None for now.
    """

    hours: int = USUAL_HOURS
    severity: str | None = None
    channel: str | None = None
    http_status: int | None = None
    status: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list between two failures: beside the one with this moment (aware) and id.

    Attributes:
        is_newer: The page is that of the newer failures, otherwise of the older ones.
    """

    at: datetime
    id: str
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class DlqView:
    """A page of a list: what is listed, and where it begins; None: with the newest."""

    filter: DlqFilter = DlqFilter()
    cursor: Cursor | None = None


SHORTEST: Final = 4  # an ending of fewer would name too many

#: Characters of a payload that are read: a longer one is no message.
PAYLOAD_LIMIT: Final = 2_000_000

#: Failures that a list and the HTTP view count at most: a number of seven digits is not worth the wait.
COUNTED: Final = 1_000
COUNTED_BY_STATUS: Final = 100_000

#: Characters that tell an id of ours apart, where the column cuts it.
_CUT: Final = 16

#: The name under which a webhook posts a failure again. It tells replays from alerts of the same webhook,
#: even to a bot that may not read messages.
REPLAYED_AS: Final = "↻ DLQ"

#: Start of the reason for a message that Discord accepted, but that did not ring.
MUTE: Final = "posted, but @here did not ring"


@dataclass(frozen=True, slots=True)
class DlqEntry:
    """One row of the table. A column that the table lacks reads as None.

    Attributes:
        id: A uuid, a number or any other text, as PostgreSQL writes it.
        payload: The stored message; None if it was not asked for, or is no JSON object.
        stored: The payload as it is stored, whatever that is; None if it was not asked for.
        extra: Columns that the policy does not name, with their values as text, cut.
    """

    id: str
    attempted_at: datetime
    channel: str | None
    severity: str | None
    title: str | None
    http_status: int | None
    retry_count: int | None
    error_message: str | None
    status: str | None
    fallback_email_sent: bool | None
    payload: dict[str, object] | None = None
    stored: str | None = None
    extra: tuple[tuple[str, str], ...] = ()

    def without_words(self, label: str) -> "DlqEntry":
        """Return the entry for people who may not read it: *label* as its title, and no payload."""
        return replace(self, title=label, payload={}, stored=None, extra=())


@dataclass(frozen=True, slots=True)
class DlqPage:
    """A page of failures, newest first.

    Attributes:
        total: Failures that the filter admits, at most `COUNTED`; None: counting them took too long.
        is_more: There are more than *total*.
        newer, older: Where the pages beside this one begin; None: there is none.
        missing: Columns that the table lacks.
        arrived: The ids of entries that have arrived since.
    """

    entries: tuple[DlqEntry, ...]
    filter: DlqFilter
    total: int | None
    is_more: bool = False
    newer: Cursor | None = None
    older: Cursor | None = None
    missing: frozenset[DlqColumn] = frozenset()
    arrived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class StatusCount:
    """How many failures ended with one HTTP status; None: no answer came."""

    http_status: int | None
    count: int


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """Failures of a period per HTTP status, most frequent first.

    Attributes:
        is_cut: There were more; only the latest `COUNTED_BY_STATUS` are counted.
        missing: Columns that the table lacks.
    """

    counts: tuple[StatusCount, ...]
    hours: int
    is_cut: bool = False
    missing: frozenset[DlqColumn] = frozenset()

    @property
    def total(self) -> int:
        """Return the number of entries in all statuses together."""
        return sum(each.count for each in self.counts)


@dataclass(frozen=True, slots=True)
class MostSevere:
    """The latest failures of the highest severity that were given up, newest first.

    Attributes:
        is_more: There are older ones.
        missing: Columns that the table lacks.
        arrived: As in `DlqPage`.
    """

    entries: tuple[DlqEntry, ...]
    is_more: bool = False
    missing: frozenset[DlqColumn] = frozenset()
    arrived: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DlqCounts:
    """Failures in a period, for the digest.

    Attributes:
        by_channel, by_status: The most frequent first.
        answers: How the failures of each channel ended, the most frequent first; empty if the table lacks it.
    """

    total: int
    by_channel: tuple[tuple[str, int], ...]
    p0_failed: int
    p0_emailed: int
    by_status: tuple[tuple[str, int], ...] = ()
    answers: Mapping[str, tuple[StatusCount, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewFailure:
    """A delivery of ours that failed for good, on its way into the DLQ.

    Attributes:
        id: Derived from the delivery, so that writing it twice leaves one row.
        payload: The full Discord body.
    """

    id: UUID
    attempted_at: datetime
    channel: str
    severity: str | None
    title: str
    http_status: int | None
    retry_count: int
    error_message: str
    fallback_email_sent: bool
    payload: dict[str, object]


def failure_id(nonce: str) -> UUID:
    """Return the id of the DLQ's entry for the delivery with this nonce: written twice, it is one row."""
    return uuid5(NAMESPACE_URL, f"incident-bot:{nonce}")


def number_for(failure: UUID, *, bits: int) -> int:
    """Return the id of a failure of ours where ids are numbers of so many *bits*.

    It is negative, so that no sequence ever gives it.
    """
    return -1 - (failure.int & ((1 << (bits - 1)) - 1))


def is_ours(entry_id: str, failure: UUID) -> bool:
    """Return True if the entry of this id is the bot's own *failure*, whatever type an id has there."""
    text = str(failure)
    is_cut = len(entry_id) >= _CUT and text.startswith(entry_id)
    return is_cut or entry_id in {str(number_for(failure, bits=bits)) for bits in (32, 64)}


#: Before the title of a drill's row in the DLQ, which other programs read too.
DLQ_MARK: Final = "[DRILL] "
