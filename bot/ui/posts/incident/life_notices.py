"""The lines in the thread about the incident's life: its ends, its severity, its relations."""

from datetime import datetime
from typing import Final

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
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.incident.postmortems import postmortem_path
from bot.ui.posts.incident.updates import next_update
from bot.ui.posts.looks import NoticeLook, NoticeLooks
from bot.ui.posts.notice_words import by, said, with_reason
from bot.ui.words import links
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


def _resolved(words: Wording, incident: Incident, told: ResolvedNotice) -> Body:
    at = _ended_at(incident, told)
    lines = [
        words.say(
            "thread.notice.resolved",
            label=incident.label,
            who=by(words, told),
            at=words.moment(at),
            took=words.span(at - incident.triggered_at),
        )
    ]
    if words.severity(incident).postmortem:
        path, started = postmortem_path(words.policy, incident), words.full(incident.started_at)
        lines.append(words.say("thread.notice.postmortem", path=path, started=started))
    return message("\n".join(lines))


def _ended_at(incident: Incident, told: ResolvedNotice) -> datetime:
    """Return the time of the end that the notice is about, since an incident may end several times.

    A notice queued by an older version lacks it and takes the incident's own end, else its trigger time.
    """
    return told.at or (incident.triggered_at if incident.ended is None else incident.ended.at)


def _shows_old_details(words: Wording, incident: Incident, told: ResolvedNotice, post: Delivery) -> bool:
    """Return True if the line shows an old title or start; without its own time it would show another end."""
    tells_details = told.at is not None and words.severity(incident).postmortem
    return tells_details and shows_old_details(post, incident)


def _cancelled(words: Wording, incident: Incident, told: CancelledNotice) -> Body:
    return said(words, incident, told, reason=told.reason)


def _reopened(words: Wording, incident: Incident, told: ReopenedNotice) -> Body:
    return said(words, incident, told, reason=told.reason)


def _merged(words: Wording, incident: Incident, told: MergedNotice) -> Body:
    return said(words, incident, told, other=told.into)


def _about_other(words: Wording, incident: Incident, told: OtherIncidentNotice) -> Body:
    return said(words, incident, told, other=told.number)


def _thread_moved(words: Wording, incident: Incident, _told: ThreadMovedNotice) -> Body:
    url = links.thread_url(incident)
    return message(words.say("thread.notice.thread_moved", label=incident.label, url=url))


def _severity_changed(words: Wording, incident: Incident, told: SeverityChangedNotice) -> Body:
    line = words.say(
        "thread.notice.severity_changed",
        sign=words.regrade_sign(told.before, told.after),
        label=incident.label,
        who=by(words, told),
        before=inert(told.before, limit=40),
        after=inert(told.after, limit=40),
    )
    lines = [_with_why(words, line, told)]
    if told.next_at is not UNSET:
        lines.append(next_update(words, incident, told.next_at))
    return message("\n".join(lines))


def _with_why(words: Wording, line: str, told: SeverityChangedNotice) -> str:
    """Append to *line* the merged incident that caused the change, or else the person's reason."""
    if told.merged is None:
        return with_reason(words, line, told.reason)
    other, severity = label_of(told.merged), inert(told.after, limit=40)
    reason = words.say("history.fact.merged_with", other=other, severity=severity)
    return words.say("thread.notice.reason", line=line, reason=reason)


NOTICES: Final[NoticeLooks] = (
    NoticeLook(ResolvedNotice, _resolved, _shows_old_details),
    NoticeLook(CancelledNotice, _cancelled),
    NoticeLook(ReopenedNotice, _reopened),
    NoticeLook(MergedNotice, _merged),
    NoticeLook(MergedHereNotice, _about_other),
    NoticeLook(UnmergedNotice, _about_other),
    NoticeLook(LinkedNotice, _about_other),
    NoticeLook(UnlinkedNotice, _about_other),
    NoticeLook(RaisedAgainNotice, _about_other),
    NoticeLook(SeverityChangedNotice, _severity_changed),
    NoticeLook(ThreadMovedNotice, _thread_moved),
)
