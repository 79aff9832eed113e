"""The lines that follow in an incident's thread: about its life, its responders and what people write."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from bot.capability import installed, merged
from bot.domain.alerts.questions import FiresAgainNotice, RecoveredNotice
from bot.domain.code_host import ExportFailedNotice, ExportKeptNotice
from bot.domain.delivery.delivery import Delivery, Notice
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.errors import NewerVersion
from bot.domain.escalation.payloads import (
    DeclinedNotice,
    LapsedNotice,
    OfferDeclinedNotice,
    ReleasedNotice,
    TakenOverNotice,
    UnreachedNotice,
)
from bot.domain.incident.incident import Incident, number_label
from bot.domain.incident.posting import shows_old_details
from bot.domain.incident.records import (
    CancelledNotice,
    DetailsChangedNotice,
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
from bot.domain.payloads import UNSET, Json
from bot.domain.text import cut
from bot.domain.timeline.recorded import CorrectedNotice, NoteNotice
from bot.domain.triage.session import ReportJoinedNotice, TriagedHereNotice
from bot.services.incidents.details import CorrectedDetails
from bot.services.ports import Subject
from bot.ui.posts.bodies import (
    CONTENT_LIMIT,
    Body,
    NoticeLook,
    NoticeLooks,
    Renderers,
    about,
    alone,
    by,
    line,
    message,
    with_reason,
)
from bot.ui.posts.incident import aftermath, private, roles, updates
from bot.ui.posts.incident.aftermath import resolve_lines, whole_lines, with_whole
from bot.ui.posts.incident.updates import next_update
from bot.ui.words.inert import inert, inert_lines
from bot.ui.words.systems import url_of, why_of
from bot.ui.words.timeline_details import title_and_start_changes
from bot.ui.words.triage_words import reported
from bot.ui.words.wording import Voice, Wording, alert_url, thread_url

_TITLE = 420  # 200 characters as stored, escaped
_PATH = 600
_PEOPLE_LIMIT = 300


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
        other, severity = number_label(notice.merged), inert(notice.after, limit=40)
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
    return number_label(notice.number)


def _url(_words: Wording, incident: Incident, notice: RecoveredNotice | FiresAgainNotice) -> str:
    """Return the monitor's message, or where the monitor shows the alert: without a preview."""
    if incident.tracked.origin is None:
        return notice.url
    return f"<{notice.url}>" if notice.url else alert_url(incident) or incident.label


def _taken_over(words: Wording, incident: Incident, notice: TakenOverNotice) -> Body:
    """Compose the line about the new responder.

    It pings them, except in a private thread, where a mention would let them in.
    """
    rings = notice.to_id > 0 and incident.rings and not incident.is_private
    to = f"<@{notice.to_id}>" if rings else words.who(notice.to)
    told = "thread.notice.taken_over_gone" if notice.gone else "thread.notice.taken_over"
    body = message(words.say(told, who=by(words, notice), to=to))
    if rings:
        body["allowed_mentions"] = {"parse": [], "users": [str(notice.to_id)]}
    return body


def _let_go(words: Wording, _incident: Incident, notice: ReleasedNotice | LapsedNotice) -> Body:
    """Compose the line about an incident without an owner: the last one, and who is asked to take it."""
    is_gone = isinstance(notice, ReleasedNotice) and notice.gone
    told = "thread.notice.released_gone" if is_gone else f"thread.notice.{notice.name}"
    lines = [words.say(told, who=by(words, notice))]
    if notice.asked:
        people = words.joined((words.who(one.name) for one in notice.asked), limit=_PEOPLE_LIMIT)
        lines.append(words.say("thread.notice.asked", people=people))
    return message(words.sentences(*lines))


def _passed_on(notice: DeclinedNotice | UnreachedNotice) -> str:
    return f"thread.notice.{notice.name}" + ("_nobody" if notice.to is None else "")


def _next(words: Wording, _incident: Incident, notice: DeclinedNotice | UnreachedNotice) -> str:
    return "" if notice.to is None else words.on_call([notice.to])


_BEFORE_LIMIT = 600
_IMPACT_LIMIT = 300
_TITLES_LIMIT = 840  # both, each of 200 characters as typed, escaped


def noted(words: Wording, incident: Incident, notice: NoteNotice) -> Body:
    """Compose a note; one that was added late says what time it is about."""
    who = by(words, notice)
    if notice.at is not None:
        who = words.say("history.notice.at", who=who, at=_clock(words, incident, notice.at))
    text = inert_lines(notice.text, limit=CONTENT_LIMIT - len(who) - 20)
    return message(words.say("thread.notice.note", who=who, text=text))


def corrected(words: Wording, incident: Incident, notice: CorrectedNotice) -> Body:
    """Compose the line about a corrected entry: the old words struck through, the new ones, time, impact."""
    who = by(words, notice)
    if notice.at is not None and notice.at_before is not None:
        at, was = (_clock(words, incident, moment) for moment in (notice.at, notice.at_before))
        who = words.say("history.notice.moved", who=who, at=at, before=was)
    before, impact = inert(notice.before or "", limit=_BEFORE_LIMIT), _impact(words, notice)
    budget = CONTENT_LIMIT - len(who) - len(before) - len(impact) - 40
    text = inert_lines(notice.text or "", limit=budget)
    struck = f"~~{before}~~ " if before else ""
    said = "\n".join(part for part in (struck + text, impact) if part)
    return message(words.say("history.notice.corrected", who=who, text=said))


def details_changed(words: Wording, _incident: Incident, notice: DetailsChangedNotice) -> Body:
    """Compose the line about a corrected title or start, before and after."""
    text = " · ".join(title_and_start_changes(words, notice.title, notice.started_at, limit=_TITLES_LIMIT))
    return message(words.say("history.notice.corrected", who=by(words, notice), text=text))


def details_said(voice: Voice, result: CorrectedDetails) -> str:
    """Answer the person who has corrected the title or the start."""
    said = result.corrected
    changes = " · ".join(title_and_start_changes(voice, said.title, said.started_at, limit=_TITLES_LIMIT))
    return voice.say("editing.said.done", label=result.incident.label, changes=changes)


def _impact(words: Wording, notice: CorrectedNotice) -> str:
    """Return the line about a corrected impact; empty when the impact was not corrected."""
    if notice.impact is None:
        return ""
    before, now = (inert(one or "", limit=_IMPACT_LIMIT) for one in (notice.impact_before, notice.impact))
    shown = [f"~~{before}~~"] if before else []
    return words.say(
        "updates.post.impact", impact=" ".join([*shown, now or words.say("history.fact.no_impact")])
    )


def _clock(words: Wording, incident: Incident, moment: datetime) -> str:
    return words.clock(moment, on=incident.triggered_at)


def failed(words: Wording, _incident: Incident, notice: ExportFailedNotice) -> Body:
    """Compose the line about an export that fails, with the reason and what to do."""
    why = why_of(words, notice.problem, notice.reason)
    what = notice.item or words.say("exports.notice.postmortem")
    return message(words.say("exports.notice.failed", what=inert(what, limit=40), why=why))


#: The lines of this module.
_OWN: Final[NoticeLooks] = (
    NoticeLook(ResolvedNotice, _resolved, _shows_old_details),
    line(CancelledNotice),
    line(ReopenedNotice),
    line(MergedNotice, other=lambda _words, _incident, notice: number_label(notice.into)),
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
    line(ThreadMovedNotice, url=lambda _words, incident, _notice: thread_url(incident)),
    # A monitor's news closes nothing: resolving is the responder's decision.
    line(RecoveredNotice, sender=_sender, url=_url),
    line(FiresAgainNotice, sender=_sender, url=_url),
    line(DeclinedNotice, _passed_on, people=_next),
    line(
        UnreachedNotice,
        _passed_on,
        who=lambda words, _incident, notice: words.on_call([notice.who]),
        people=_next,
    ),
    line(OfferDeclinedNotice),
    NoticeLook(ReleasedNotice, _let_go),
    NoticeLook(LapsedNotice, _let_go),
    NoticeLook(TakenOverNotice, _taken_over),
    NoticeLook(NoteNotice, noted),
    NoticeLook(CorrectedNotice, corrected),
    NoticeLook(DetailsChangedNotice, details_changed),
    line(ExportKeptNotice, "exports.notice.kept", url=lambda _w, _i, notice: url_of(notice.url)),
    NoticeLook(ExportFailedNotice, failed),
)

#: The kinds of the core.
_NOTICES: Final[dict[str, NoticeLook[Any]]] = {
    look.type.name: look
    for group in (_OWN, aftermath.NOTICES, private.NOTICES, roles.NOTICES, updates.NOTICES)
    for look in group
}


@cache
def looks() -> Mapping[str, NoticeLook[Any]]:
    """Return the look of each kind of notice, the capabilities' too, by the name that is stored."""
    return merged(_NOTICES, ((look.type.name, look) for one in installed() for look in one.notices))


def needs_edit(words: Wording, incident: Incident, post: Delivery) -> bool:
    """Return True if a sent line has to be edited; never one that only a newer version knows."""
    look = looks().get(Notice.name_in(post.data))
    return look is not None and look.needs_edit(words, incident, post)


def notice(words: Wording, incident: Incident, stored: Json) -> Body:
    """Compose one message in the thread; it pings no one unless the notice's own function says so.

    Raises:
        NewerVersion: the notice's name is unknown.
    """
    name = Notice.name_in(stored)
    if name not in looks():
        raise NewerVersion(name)
    body = looks()[name].compose(words, incident, stored)
    if not (incident.is_drill and body["content"]):
        return body
    return {**body, "content": cut(words.drilled(incident, str(body["content"])), limit=CONTENT_LIMIT)}


def _notice(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    return notice(words, about(Incident, delivery, subject), delivery.data)


RENDERERS: Final[Renderers] = {
    DeliveryKind.NOTICE: _notice,
    DeliveryKind.PIN_SEEN: alone(lambda _words, _delivery: {"emoji": "✅"}),
}
