"""Corrections of an incident's title and of the time the trouble began."""

from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.errors import UserError
from bot.domain.incident.forms.form_state import digest_of
from bot.domain.incident.incident import Incident
from bot.domain.payloads import Payload
from bot.domain.triage.session import Triage


class TitleChange(Payload):
    """A title before and after."""

    before: str
    after: str


class StartChange(Payload):
    """A start time before and after, aware."""

    before: datetime
    after: datetime


class DetailsChange(Payload):
    """What was corrected of an incident; None: it stays."""

    title: TitleChange | None = None
    started_at: StartChange | None = None


@dataclass(frozen=True, slots=True)
class ShownDetails:
    """The title and start that a form showed when it opened.

    Attributes:
        title: The title's `digest_of`.
        started_s: The start as a Unix time, whole seconds.
    """

    title: str
    started_s: int


def shown_details(incident: Incident) -> ShownDetails:
    """Return the title and start that a form about *incident* shows now."""
    return ShownDetails(digest_of(incident.title), int(incident.started_at.timestamp()))


def correct_details(
    incident: Incident, *, title: str | None, started_at: datetime | None, shown: ShownDetails
) -> Incident:
    """Correct the title, the start, or both; return the incident unchanged if it has them already.

    Deadlines stay: they count from the report.

    Args:
        title: Cleaned, 1..200 characters; None leaves it.
        started_at: Aware; None leaves it.
        shown: The title and start that the user saw in the form.

    Raises:
        UserError: the start lies in a later minute than the report; or another person has corrected the same
            value meanwhile.
    """
    if started_at is not None:
        reported = incident.triggered_at
        if started_at.replace(second=0, microsecond=0) > reported:
            raise UserError(
                "start_after_report", incident=incident.label, start=started_at, reported=reported
            )
        started_at = min(started_at, reported)  # in the same minute: people type no seconds
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


def with_triage(alert: Incident, triage: Triage, *, path: tuple[tuple[str, str], ...]) -> Incident:
    """Return a tracked alert with the title, start, targets, symptoms and severity's path of *triage*.

    Empty targets and symptoms tell nothing new, and neither does a start after the alert's report, such as
    the "now" of a person who triages an hour later: the alert keeps its own.
    """
    begun = triage.started_at <= alert.triggered_at
    return replace(
        alert,
        title=triage.title,
        path=path,
        severity_changed=None,
        targets=triage.targets or alert.targets,
        symptoms=triage.symptoms or alert.symptoms,
        started_at=triage.started_at if begun else alert.started_at,
        version=alert.version + 1,
    )


def changes_of(before: Incident, after: Incident) -> DetailsChange:
    """Return what was corrected."""
    title = TitleChange(before=before.title, after=after.title)
    start = StartChange(before=before.started_at, after=after.started_at)
    return DetailsChange(
        title=None if title.before == title.after else title,
        started_at=None if start.before == start.after else start,
    )
