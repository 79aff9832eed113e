"""What an incident was opened with and may have to be put right: its title, and when the trouble began."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.errors import UserError
from bot.domain.incident.form_state import digest_of
from bot.domain.incident.incident import Incident


@dataclass(frozen=True, slots=True)
class ShownDetails:
    """What a form showed when it was opened.

    Attributes:
        title: `digest_of` it.
        started_s: The start as a Unix time, whole seconds.
    """

    title: str
    started_s: int


def shown_details(incident: Incident) -> ShownDetails:
    """What a form about *incident* shows now."""
    return ShownDetails(digest_of(incident.title), int(incident.started_at.timestamp()))


def put_right(
    incident: Incident, *, title: str | None, started_at: datetime | None, shown: ShownDetails
) -> Incident:
    """The incident with another title, another start, or both. One that has them already comes back as it is.

    Deadlines stay: they count from the report.

    Args:
        title: Cleaned, 1..200 characters; None leaves it.
        started_at: Aware; None leaves it.
        shown: What whoever put them right had before their eyes.

    Raises:
        UserError: the start lies in a later minute than the report; or somebody else has put the same right
            meanwhile.
    """
    started_at = None if started_at is None else _begun(incident, started_at)
    now = shown_details(incident)
    if title not in (None, incident.title) and now.title != shown.title:
        raise UserError("title_moved", incident=incident.label, title=incident.title)
    if started_at not in (None, incident.started_at) and now.started_s != shown.started_s:
        raise UserError("start_moved", incident=incident.label, start=incident.started_at)
    right = replace(incident, title=title or incident.title, started_at=started_at or incident.started_at)
    if right == incident:
        return incident
    version = incident.version + 1
    return replace(right, version=version, details_version=version)


def _begun(incident: Incident, at: datetime) -> datetime:
    """*at*, or the report if that lies earlier in the same minute: people read, and give, no seconds.

    Raises:
        UserError: it lies in a later minute.
    """
    reported = incident.triggered_at
    if at.replace(second=0, microsecond=0) > reported:
        raise UserError("start_after_report", incident=incident.label, start=at, reported=reported)
    return min(at, reported)


def start_of_alert(alert: Incident, typed: datetime) -> datetime:
    """Return when the trouble behind *alert* began, for a triage that says *typed*.

    The alert proves that it had begun by its report. A later moment, such as the "now" of somebody who
    triages an hour later, tells nothing new, and the alert keeps its own start.
    """
    return typed if typed <= alert.triggered_at else alert.started_at


def changes_of(before: Incident, after: Incident) -> Mapping[str, Mapping[str, str]]:
    """What was put right, JSON-able: "title", "started_at" (ISO 8601), each with its "before" and "after"."""
    moments = {"before": before.started_at.isoformat(), "after": after.started_at.isoformat()}
    both = {"title": {"before": before.title, "after": after.title}, "started_at": moments}
    return {name: sides for name, sides in both.items() if sides["before"] != sides["after"]}
