"""The lines that follow in an incident's thread: one function per `notice`."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from bot.domain.errors import NewerVersion
from bot.domain.incident.incident import Incident, label_of
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, message
from bot.ui.posts.drills import drill_scored, inject
from bot.ui.posts.incident.left_threads import name_waits, thread_deleted, thread_left, thread_not_closed
from bot.ui.posts.incident.postmortems import postmortem_path
from bot.ui.posts.incident.private import (
    made_private,
    member_added,
    member_removed,
    not_let_in,
    not_redacted,
    not_taken_out,
)
from bot.ui.posts.incident.roles import role_changed, role_undelivered
from bot.ui.posts.incident.timeline_notices import corrected, details_changed, noted
from bot.ui.posts.incident.updates import next_update, update_due, updated
from bot.ui.words import links
from bot.ui.words.inert import cut, inert
from bot.ui.words.wording import Wording

Data = Mapping[str, object]
Notice = Callable[[Wording, Incident, Data], Body]

_REASON_LIMIT = 620  # 300 characters as typed, escaped


def notice(words: Wording, incident: Incident, data: Data) -> Body:
    """Compose one message in the thread; it pings nobody unless the notice's own function says so.

    Args:
        words: The team's.
        incident: As it is now.
        data: ``notice`` names it, below ``thread.notice.``; ``by`` is the name of the person who acted.

    Raises:
        NewerVersion: the notice's name is unknown.
    """
    name = str(data.get("notice"))
    if name not in NOTICES:
        raise NewerVersion(name)
    body = NOTICES[name](words, incident, data)
    if not (incident.is_drill and body["content"]):
        return body
    return {**body, "content": cut(words.drilled(incident, str(body["content"])), limit=CONTENT_LIMIT)}


def _declined(words: Wording, _incident: Incident, data: Data) -> Body:
    who, to = _by(words, data), data.get("to")
    if to is None:
        return message(words.say("thread.notice.declined_nobody", who=who))
    return message(words.say("thread.notice.declined", who=who, people=words.on_call([str(to)])))


def _unreached(words: Wording, _incident: Incident, data: Data) -> Body:
    who, to = words.on_call([str(data["who"])]), data.get("to")
    if to is None:
        return message(words.say("thread.notice.unreached_nobody", who=who))
    return message(words.say("thread.notice.unreached", who=who, people=words.on_call([str(to)])))


def _taken_over(words: Wording, incident: Incident, data: Data) -> Body:
    """Compose the line about the new responder.

    It pings them, except in a private thread, where a mention would let them in.
    """
    to_id = int(str(data.get("to_id") or 0))
    rings = to_id > 0 and incident.rings and not incident.is_private
    to = f"<@{to_id}>" if rings else words.who(str(data["to"]))
    body = message(words.say("thread.notice.taken_over", who=_by(words, data), to=to))
    if rings:
        body["allowed_mentions"] = {"parse": [], "users": [str(to_id)]}
    return body


def _resolved(words: Wording, incident: Incident, data: Data) -> Body:
    at = _ended_at(incident, data)
    lines = [
        words.say(
            "thread.notice.resolved",
            label=incident.label,
            who=_by(words, data),
            at=words.moment(at),
            took=words.span(at - incident.triggered_at),
        )
    ]
    if words.severity(incident).postmortem:
        path, started = postmortem_path(words.policy, incident), words.full(incident.started_at)
        lines.append(words.say("thread.notice.postmortem", path=path, started=started))
    return message("\n".join(lines))


def _ended_at(incident: Incident, data: Data) -> datetime:
    """Return the time of the end that the notice is about, since an incident may end several times.

    A notice queued by an older version lacks it and takes the incident's own end, else its trigger time.
    """
    if (at := data.get("at")) is not None:
        return datetime.fromisoformat(str(at))
    return incident.ended_at or incident.triggered_at


def tells_details(words: Wording, incident: Incident, data: Data) -> bool:
    """Return whether a notice shows the title or start, and can be redrawn without showing another end."""
    return data.get("notice") == "resolved" and "at" in data and words.severity(incident).postmortem


def _said(words: Wording, incident: Incident, data: Data) -> Body:
    """Compose a line that says who acted, why, and which other incident is concerned."""
    number = data.get("number") or data.get("into")
    line = words.say(
        f"thread.notice.{data['notice']}",
        label=incident.label,
        who=_by(words, data),
        other="" if number is None else label_of(int(str(number))),
    )
    return message(_with_reason(words, line, data))


def _triaged_here(words: Wording, _incident: Incident, data: Data) -> Body:
    who, severity = _by(words, data), data.get("severity")
    if severity is None:
        return message(words.say("thread.notice.triaged_here_reevaluate", who=who))
    return message(words.say("thread.notice.triaged_here", who=who, severity=inert(str(severity), limit=40)))


def _thread_moved(words: Wording, incident: Incident, _data: Data) -> Body:
    url = links.thread_url(incident)
    return message(words.say("thread.notice.thread_moved", label=incident.label, url=url))


def _recovered(words: Wording, _incident: Incident, data: Data) -> Body:
    """Compose the line with the monitor's news. It closes nothing: resolving is the responder's decision."""
    key = f"thread.notice.{data['notice']}"
    return message(words.say(key, sender=inert(str(data.get("by") or "?"), limit=160), url=str(data["url"])))


def _severity_changed(words: Wording, incident: Incident, data: Data) -> Body:
    line = words.say(
        "thread.notice.severity_changed",
        sign=words.regrade_sign(str(data["before"]), str(data["after"])),
        label=incident.label,
        who=_by(words, data),
        before=inert(str(data["before"]), limit=40),
        after=inert(str(data["after"]), limit=40),
    )
    told = _with_why(words, line, data)
    return message(
        "\n".join([told, next_update(words, incident, data["next_at"])]) if "next_at" in data else told
    )


def _with_why(words: Wording, line: str, data: Data) -> str:
    """Append to *line* the merged incident that caused the change, or else the person's reason."""
    if (merged := data.get("merged")) is None:
        return _with_reason(words, line, data)
    other, severity = label_of(int(str(merged))), inert(str(data["after"]), limit=40)
    reason = words.say("history.fact.merged_with", other=other, severity=severity)
    return words.say("thread.notice.reason", line=line, reason=reason)


def _with_reason(words: Wording, line: str, data: Data) -> str:
    reason = inert(str(data.get("reason") or ""), limit=_REASON_LIMIT)
    return words.say("thread.notice.reason", line=line, reason=reason) if reason else line


def _by(words: Wording, data: Data) -> str:
    return words.who(str(data.get("by") or "?"))


NOTICES: Final[Mapping[str, Notice]] = {
    "note": noted,
    "corrected": corrected,
    "details_changed": details_changed,
    "declined": _declined,
    "unreached": _unreached,
    "released": _said,
    "lapsed": _said,
    "taken_over": _taken_over,
    "resolved": _resolved,
    "cancelled": _said,
    "merged": _said,
    "merged_here": _said,
    "unmerged": _said,
    "linked": _said,
    "unlinked": _said,
    "raised_again": _said,
    "triaged_here": _triaged_here,
    "reopened": _said,
    "recovered": _recovered,
    "fires_again": _recovered,
    "severity_changed": _severity_changed,
    "thread_moved": _thread_moved,
    "inject": inject,
    "drill_scored": drill_scored,
    "made_private": made_private,
    "member_added": member_added,
    "member_removed": member_removed,
    "not_let_in": not_let_in,
    "not_taken_out": not_taken_out,
    "not_redacted": not_redacted,
    "name_waits": name_waits,
    "thread_left": thread_left,
    "thread_not_closed": thread_not_closed,
    "thread_deleted": thread_deleted,
    "role_changed": role_changed,
    "role_undelivered": role_undelivered,
    "updated": updated,
    "update_due": update_due,
}
