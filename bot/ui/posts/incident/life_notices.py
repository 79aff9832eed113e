"""The lines in the thread about the incident's life: its ends, severity and relations, a monitor's news."""

from typing import Final

from bot.domain.alerts.questions import FiresAgainNotice, RecoveredNotice
from bot.domain.delivery.delivery import Delivery
from bot.domain.incident.incident import Incident, label_of
from bot.domain.incident.posting import shows_old_details
from bot.domain.incident.records import (
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
from bot.domain.payloads import UNSET
from bot.domain.triage.session import ReportJoinedNotice, TriagedHereNotice
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


def _resolved(words: Wording, incident: Incident, notice: ResolvedNotice) -> Body:
    # An incident may end several times; a notice that an older version queued has no time of its own.
    at = notice.at or (incident.triggered_at if incident.ended is None else incident.ended.at)
    first = words.say(
        "thread.notice.resolved",
        label=incident.label,
        who=by(words, notice),
        at=words.moment(at),
        took=words.span(at - incident.triggered_at),
    )
    lines = [] if notice.said is None else whole_lines(words, notice.said)
    lines += resolve_lines(words, incident, notice)
    return with_whole(words, incident, first, lines)


def _shows_old_details(words: Wording, incident: Incident, notice: ResolvedNotice, post: Delivery) -> bool:
    """Return True if the line shows an old title or start; without its own time it would show another end."""
    tells_details = notice.at is not None and resolve_lines(words, incident, notice)
    return bool(tells_details) and shows_old_details(post, incident)


def _severity_changed(words: Wording, incident: Incident, notice: SeverityChangedNotice) -> Body:
    changed = words.say(
        "thread.notice.severity_changed",
        sign=words.regrade_sign(notice.before, notice.after),
        label=incident.label,
        who=by(words, notice),
        before=inert(notice.before, limit=40),
        after=inert(notice.after, limit=40),
    )
    if notice.merged is None:
        lines = [with_reason(words, changed, notice.reason)]
    else:
        other, severity = label_of(notice.merged), inert(notice.after, limit=40)
        reason = words.say("history.fact.merged_with", other=other, severity=severity)
        lines = [words.say("thread.notice.reason", line=changed, reason=reason)]
    if notice.next_at is not UNSET:
        lines.append(next_update(words, incident, notice.next_at))
    return message("\n".join(lines))


def _report_joined(words: Wording, _incident: Incident, notice: ReportJoinedNotice) -> Body:
    """Compose the report of another person: what it says, its result, the message that it is about."""
    report = notice.report
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


def _sender(_words: Wording, _incident: Incident, notice: RecoveredNotice | FiresAgainNotice) -> str:
    return inert(notice.by or "?", limit=160)


def _other(_words: Wording, _incident: Incident, notice: OtherIncidentNotice) -> str:
    return label_of(notice.number)


def _url(_words: Wording, incident: Incident, notice: RecoveredNotice | FiresAgainNotice) -> str:
    """Return the monitor's message, or where the monitor shows the alert: without a preview."""
    if incident.tracked.origin is None:
        return notice.url
    return f"<{notice.url}>" if notice.url else links.alert_url(incident) or incident.label


NOTICES: Final[NoticeLooks] = (
    NoticeLook(ResolvedNotice, _resolved, _shows_old_details),
    line(CancelledNotice),
    line(ReopenedNotice),
    line(MergedNotice, other=lambda _words, _incident, notice: label_of(notice.into)),
    line(MergedHereNotice, other=_other),
    line(UnmergedNotice, other=_other),
    line(LinkedNotice, other=_other),
    line(UnlinkedNotice, other=_other),
    line(RaisedAgainNotice, other=_other),
    line(
        TriagedHereNotice,
        lambda notice: "thread.notice.triaged_here" + ("_reevaluate" if notice.severity is None else ""),
        severity=lambda _words, _incident, notice: inert(notice.severity or "", limit=40),
    ),
    NoticeLook(ReportJoinedNotice, _report_joined),
    NoticeLook(SeverityChangedNotice, _severity_changed),
    line(ThreadMovedNotice, url=lambda _words, incident, _notice: links.thread_url(incident)),
    # A monitor's news closes nothing: resolving is the responder's decision.
    line(RecoveredNotice, sender=_sender, url=_url),
    line(FiresAgainNotice, sender=_sender, url=_url),
)
