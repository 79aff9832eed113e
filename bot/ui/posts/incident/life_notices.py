"""The lines in the thread about the incident's life: its ends, severity and relations, a monitor's news."""

from datetime import datetime
from typing import Final

from bot.domain.alerts.payloads import FiresAgainNotice, RecoveredNotice
from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, label_of
from bot.domain.incident.notices import (
    CancelledNotice,
    LinkedNotice,
    MergedHereNotice,
    MergedNotice,
    OtherIncidentNotice,
    RaisedAgainNotice,
    ReopenedNotice,
    ResolvedNotice,
    SeverityChangedNotice,
    ThreadMovedNotice,
    UnlinkedNotice,
    UnmergedNotice,
)
from bot.domain.incident.posting import shows_old_details
from bot.domain.payloads import UNSET
from bot.domain.triage.payloads import ReportJoinedNotice, TriagedHereNotice
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.incident.aftermath import resolve_lines, whole_lines, with_whole
from bot.ui.posts.incident.updates import next_update
from bot.ui.posts.looks import NoticeLook, NoticeLooks, by, line, with_reason
from bot.ui.words import links
from bot.ui.words.inert import inert
from bot.ui.words.triage_words import reported
from bot.ui.words.wording import Wording

_TITLE = 420  # 200 characters as stored, escaped
_PATH = 600


def _resolved(words: Wording, incident: Incident, told: ResolvedNotice) -> Body:
    at = _ended_at(incident, told)
    first = words.say(
        "thread.notice.resolved",
        label=incident.label,
        who=by(words, told),
        at=words.moment(at),
        took=words.span(at - incident.triggered_at),
    )
    lines = [] if told.said is None else whole_lines(words, told.said)
    lines += resolve_lines(words, incident, told)
    return with_whole(words, incident, first, lines)


def _ended_at(incident: Incident, told: ResolvedNotice) -> datetime:
    """Return the time of the end that the notice is about, since an incident may end several times.

    A notice queued by an older version has none and takes the incident's own end, else its trigger time.
    """
    return told.at or (incident.triggered_at if incident.ended is None else incident.ended.at)


def _shows_old_details(words: Wording, incident: Incident, told: ResolvedNotice, post: Delivery) -> bool:
    """Return True if the line shows an old title or start; without its own time it would show another end."""
    tells_details = told.at is not None and resolve_lines(words, incident, told)
    return bool(tells_details) and shows_old_details(post, incident)


def _severity_changed(words: Wording, incident: Incident, told: SeverityChangedNotice) -> Body:
    said = words.say(
        "thread.notice.severity_changed",
        sign=words.regrade_sign(told.before, told.after),
        label=incident.label,
        who=by(words, told),
        before=inert(told.before, limit=40),
        after=inert(told.after, limit=40),
    )
    lines = [_with_why(words, said, told)]
    if told.next_at is not UNSET:
        lines.append(next_update(words, incident, told.next_at))
    return message("\n".join(lines))


def _with_why(words: Wording, said: str, told: SeverityChangedNotice) -> str:
    """Append to *said* the merged incident that caused the change, or else the person's reason."""
    if told.merged is None:
        return with_reason(words, said, told.reason)
    other, severity = label_of(told.merged), inert(told.after, limit=40)
    reason = words.say("history.fact.merged_with", other=other, severity=severity)
    return words.say("thread.notice.reason", line=said, reason=reason)


def _report_joined(words: Wording, _incident: Incident, told: ReportJoinedNotice) -> Body:
    """Compose the report of another person: what it says, its result, the message that it is about."""
    report = told.report
    key = "thread.notice.report_joined"
    path = words.joined(
        [words.step(step.question, step.answer) for step in report.path], separator=" → ", limit=_PATH
    )
    lines = [
        words.say(key, title=inert(report.title, limit=_TITLE), who=words.who(report.by)),
        words.say(f"{key}_facts", at=words.moment(report.started_at), what=reported(words, report)),
        words.say(f"{key}_result", severity=inert(report.severity, limit=40), path=path),
        words.say(f"{key}_from", url=report.url) if report.url else "",
    ]
    return message("\n".join(line.rstrip(" ·") for line in lines if line))


def _sender(_words: Wording, _incident: Incident, told: RecoveredNotice | FiresAgainNotice) -> str:
    return inert(told.by or "?", limit=160)


def _other(_words: Wording, _incident: Incident, told: OtherIncidentNotice) -> str:
    return label_of(told.number)


def _url(_words: Wording, incident: Incident, told: RecoveredNotice | FiresAgainNotice) -> str:
    """Return the monitor's message, or where the monitor shows the alert: without a preview."""
    if incident.tracked.origin is None:
        return told.url
    return f"<{told.url}>" if told.url else links.alert_url(incident) or incident.label


NOTICES: Final[NoticeLooks] = (
    NoticeLook(ResolvedNotice, _resolved, _shows_old_details),
    line(CancelledNotice),
    line(ReopenedNotice),
    line(MergedNotice, other=lambda _words, _incident, told: label_of(told.into)),
    line(MergedHereNotice, other=_other),
    line(UnmergedNotice, other=_other),
    line(LinkedNotice, other=_other),
    line(UnlinkedNotice, other=_other),
    line(RaisedAgainNotice, other=_other),
    line(
        TriagedHereNotice,
        lambda told: "thread.notice.triaged_here" + ("_reevaluate" if told.severity is None else ""),
        severity=lambda _words, _incident, told: inert(told.severity or "", limit=40),
    ),
    NoticeLook(ReportJoinedNotice, _report_joined),
    NoticeLook(SeverityChangedNotice, _severity_changed),
    line(ThreadMovedNotice, url=lambda _words, incident, _told: links.thread_url(incident)),
    # A monitor's news closes nothing: resolving is the responder's decision.
    line(RecoveredNotice, sender=_sender, url=_url),
    line(FiresAgainNotice, sender=_sender, url=_url),
)
