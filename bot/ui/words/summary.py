"""The first line of every post about an incident, in one order: severity, title, who has it, until when."""

from datetime import datetime
from typing import Final

from bot.domain.escalation.ladder import is_again, is_overdue
from bot.domain.incident.incident import Incident, Status, number_label
from bot.domain.incident.ownership import OwnerWhy
from bot.ui.words.wording import Wording, sign_of, state_key

_ESCALATED: Final = "⏫"


def summary(words: Wording, incident: Incident, *, limit: int | None = None, has_until: bool = True) -> str:
    """Return the line: "🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:20 まで".

    It begins with the severity's sign until a person has the incident; then the state has its own.

    Args:
        limit: Characters of the title, where there is less room than in a post; None: the whole one.
        has_until: Say until when; not where nothing edits the line in time.
    """
    is_waiting = incident.status is Status.TRIGGERED
    sign = words.severity_sign(incident.severity, is_drill=incident.is_drill)
    who = owner(words, incident)
    return _line(
        words, incident, sign if is_waiting else sign_of(incident), who, limit=limit, has_until=has_until
    )


def escalated(words: Wording, incident: Incident) -> str:
    """Return an escalation's line: "⏫ SEV1 · 決済 API が 5xx · **14:05 から未対応** · 次の通知 14:35"."""
    return _line(words, incident, _ESCALATED, owner(words, incident, waits=True))


def _line(
    words: Wording,
    incident: Incident,
    sign: str,
    who: str,
    *,
    limit: int | None = None,
    has_until: bool = True,
) -> str:
    title = words.bare_title(incident, limit=limit)
    due = until(words, incident) if has_until else ""
    line = words.say("summary.line", sign=sign, severity=incident.severity, title=title, owner=who)
    return words.marked(incident, words.say("summary.line_until", line=line, until=due) if due else line)


def owner(words: Wording, incident: Incident, *, waits: bool = False, on: datetime | None = None) -> str:
    """Return who has it, in bold: "**@sato が対応中 (14:07 から)**", "**14:52 から担当なし**".

    Args:
        waits: Say since when a new incident waits: "**14:05 から未対応**".
        on: The day whose times need no date; None: the incident's own.
    """
    now, other = incident.owner, incident.told_merged_into
    if now.why is OwnerWhy.ENDED:
        name = f"{state_key(incident)}_unseen" if incident.merged_into_hidden else state_key(incident)
    elif now.name is None:
        name = "nobody" if now.why is not OwnerWhy.NEW else "waiting" if waits else "new"
    else:
        name = "held" if incident.shown_phase is None else "phase"
    phase = incident.shown_phase
    said = words.say(
        f"summary.owner.{name}",
        who=words.who(now.name),
        at=words.hour(now.since, on=on or incident.triggered_at),
        phase="" if phase is None else words.say(f"state.{phase.value}"),
        other="?" if other is None else number_label(other),
    )
    return words.bold(said)


def until(words: Wording, incident: Incident) -> str:
    """Return until when: the ack deadline, the next escalation, or the next update; empty without one."""
    if incident.status is Status.TRIGGERED:
        is_late, following = is_overdue(incident) or is_again(incident), incident.calls.following
        due = incident.ack_due_at if not is_late else None if following is None else following.due_at
        name = "step" if is_late else "ack"
    else:
        due = incident.updates.due_at if incident.is_open else None
        name = "update_late" if incident.updates.reminders else "update"
    if due is None:
        return ""
    return words.say(f"summary.until.{name}", at=words.hour(due, on=incident.triggered_at))
