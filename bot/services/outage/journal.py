"""The journal as JSON, and back."""

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from bot.domain.delivery.delivery import Posted
from bot.domain.escalation.watches import Attempt, Report, Rung, UnsentMessage, Watch, Word
from bot.domain.outage.journal import Journal
from bot.domain.severity import Mention
from bot.services.ports import Spool

log = structlog.get_logger(__name__)


def read(spool: Spool) -> Journal | None:
    """Return the journal in *spool*; None if there is none, or it is unreadable, which is logged."""
    kept = spool.load()
    try:
        return None if kept is None else from_data(kept)
    except (KeyError, TypeError, ValueError) as error:
        log.error("emergency.spool_unreadable", error=type(error).__name__)  # noqa: TRY400 -- no bug of ours
        return None


class Encoder:
    """Encodes journals for the spool, and keeps the bytes of each watch for the next one.

    A file holds hundreds of watches, of which few are new: to encode all of them takes 15 ms, and to keep
    them as objects twice the memory.
    """

    def __init__(self) -> None:
        self._watches: dict[Watch, bytes] = {}

    def encode(self, journal: Journal) -> bytes:
        """Return *journal* as a JSON object in UTF-8."""
        known = self._watches
        self._watches = {each: known.get(each) or _json(each) for each in journal.watches.values()}
        beside = _json(_beside_watches(journal)).removesuffix(b"}")
        return b'%s, "watches": [%s]}' % (beside, b", ".join(self._watches.values()))


def _beside_watches(journal: Journal) -> dict[str, object]:
    return {
        "mirror": None if journal.mirror is None else journal.mirror.hex,
        "installation_id": journal.installation_id,
        "ahead_s": journal.ahead_s,
        "posted": {key: [found.channel_id, found.message_id] for key, found in journal.posted.items()},
        "said": dict(journal.said),
        "taken": dict(journal.taken),
        "skipped": sorted(journal.skipped),
        "mailed": sorted(journal.mailed),
        "acknowledged": sorted(journal.acknowledged),
        "reports": list(journal.reports.values()),
    }


def from_data(kept: Mapping[str, Any]) -> Journal:
    """The inverse of `Encoder.encode`, once the JSON is parsed.

    Raises:
        KeyError, ValueError, TypeError: it is of another version, or broken.
    """
    watches = [_watch(each) for each in kept["watches"]]
    reports = [_report(each) for each in kept["reports"]]
    return Journal(
        mirror=UUID(known) if (known := kept.get("mirror")) else None,  # older files have none
        installation_id=str(kept["installation_id"]),
        ahead_s=float(kept["ahead_s"]),
        watches={watch.key: watch for watch in watches},
        posted={key: Posted(int(where[0]), int(where[1])) for key, where in kept["posted"].items()},
        said={key: _moment(at) for key, at in kept.get("said", {}).items()},  # older files have none
        taken={key: datetime.fromisoformat(at) for key, at in kept["taken"].items()},
        skipped=frozenset(kept["skipped"]),
        mailed=frozenset(kept["mailed"]),
        acknowledged=frozenset(kept["acknowledged"]),
        reports={report.watch_key: report for report in reports},
    )


def watch_from_data(kept: Mapping[str, Any]) -> Watch:
    """One watch, as a query or the file has it."""
    return _watch(kept)


def _watch(kept: Mapping[str, Any]) -> Watch:
    return Watch(
        **{
            **kept,
            "targets": tuple(kept["targets"]),
            "raised_at": _moment(kept["raised_at"]),
            "places": tuple((int(channel), int(message)) for channel, message in kept["places"]),
            "rungs": tuple(_rung(each) for each in kept["rungs"]),
            # Older files have none of these.
            "owed": tuple(_owed(each) for each in kept.get("owed", ())),
            "left": tuple(map(int, kept.get("left", ()))),
            "old_messages": tuple(map(int, kept.get("old_messages", ()))),
        }
    )


def _rung(kept: Mapping[str, Any]) -> Rung:
    return Rung(kept["index"], _moment(kept["due_at"]), Mention(kept["mention"]), tuple(kept["dm"]))


def _owed(kept: Mapping[str, Any]) -> UnsentMessage:
    attempt = kept["attempt"]
    return UnsentMessage(
        **{
            **kept,
            "word": Word(kept["word"]),
            "since": _moment(kept["since"]),
            "attempt": None if attempt is None else Attempt(_moment(attempt["at"]), attempt["body"]),
        }
    )


def _report(kept: Mapping[str, Any]) -> Report:
    return Report(
        **{
            **kept,
            "targets": tuple(kept["targets"]),
            "symptoms": tuple(kept["symptoms"]),
            "path": tuple((question, answer) for question, answer in kept["path"]),
            "started_at": _moment(kept["started_at"]),
            "raised_at": _moment(kept["raised_at"]),
        }
    )


def _moment(kept: object) -> datetime:
    return kept if isinstance(kept, datetime) else datetime.fromisoformat(str(kept))


def _json(data: object) -> bytes:
    return json.dumps(data, ensure_ascii=False, default=_plain).encode()


def _plain(value: Any) -> object:  # noqa: ANN401 -- a moment or a dataclass
    if isinstance(value, datetime):
        return value.isoformat()
    return {field.name: getattr(value, field.name) for field in fields(value)}
