"""The journal as JSON, and back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from pydantic import TypeAdapter

from bot.domain.alerts.decisions import AlertWindow
from bot.domain.delivery.delivery import Posted
from bot.domain.outage import Journal, UnrecordedReport, Watch
from bot.services.ports import Spool

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _File:
    """A journal as it is stored. Older files lack the fields that have a default."""

    installation_id: str
    ahead_s: float
    watches: list[Watch]
    posted: dict[str, tuple[int, int]]
    taken: dict[str, datetime]
    skipped: list[str]
    mailed: list[str]
    acknowledged: list[str]
    reports: list[UnrecordedReport]
    mirror: UUID | None = None
    said: dict[str, datetime] = field(default_factory=dict)
    known_alerts: list[str] = field(default_factory=list)
    windows: list[AlertWindow] = field(default_factory=list)


_FILE: Final = TypeAdapter(_File)


def read(spool: Spool) -> Journal | None:
    """Return the journal in *spool*; None if there is none, or it is unreadable, which is logged.

    A process without one learns from another's of the same folder what is true for all: the installation, so
    that both send the same nonces, its time, and what pages nobody.
    """
    if (kept := spool.load()) is not None:
        return _parsed(kept)
    if (kept := spool.load_others()) is None or (other := _parsed(kept)) is None:
        return None
    return Journal(
        installation_id=other.installation_id,
        ahead_s=other.ahead_s,
        known_alerts=other.known_alerts,
        windows=other.windows,
    )


def _parsed(kept: Mapping[str, object]) -> Journal | None:
    try:
        return from_data(kept)
    except ValueError as error:
        log.error("emergency.spool_unreadable", error=type(error).__name__)  # noqa: TRY400 -- no bug of ours
        return None


def encoded(journal: Journal) -> bytes:
    """Return *journal* as a JSON object in UTF-8: the same bytes for the same journal."""
    file = _File(
        installation_id=journal.installation_id,
        ahead_s=journal.ahead_s,
        watches=list(journal.watches.values()),
        posted={key: (found.channel_id, found.message_id) for key, found in journal.posted.items()},
        taken=dict(journal.taken),
        skipped=sorted(journal.skipped),
        mailed=sorted(journal.mailed),
        acknowledged=sorted(journal.acknowledged),
        reports=list(journal.reports.values()),
        mirror=journal.mirror,
        said=dict(journal.said),
        known_alerts=sorted(journal.known_alerts),
        windows=list(journal.windows),
    )
    return _FILE.dump_json(file)


def from_data(kept: Mapping[str, object]) -> Journal:
    """Return the journal that `encoded` has written, from its parsed JSON.

    Raises:
        ValueError: it is of another version, or broken.
    """
    file = _FILE.validate_python(kept)
    return Journal(
        mirror=file.mirror,
        installation_id=file.installation_id,
        ahead_s=file.ahead_s,
        watches={watch.key: watch for watch in file.watches},
        posted={key: Posted(channel_id, message_id) for key, (channel_id, message_id) in file.posted.items()},
        said=file.said,
        taken=file.taken,
        skipped=frozenset(file.skipped),
        mailed=frozenset(file.mailed),
        acknowledged=frozenset(file.acknowledged),
        reports={report.watch_key: report for report in file.reports},
        known_alerts=frozenset(file.known_alerts),
        windows=tuple(file.windows),
    )
