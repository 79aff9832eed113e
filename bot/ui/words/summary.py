"""The first line of every post about an incident, in one order: severity, title, who has it, until when."""

from bot.domain.escalation.ladder import is_again, is_overdue
from bot.domain.incident.incident import Incident, Status, label_of
from bot.domain.incident.ownership import OwnerWhy
from bot.ui.words.wording import Wording, sign_of, state_key


def summary(words: Wording, incident: Incident, *, limit: int | None = None) -> str:
    """Return the line: "🔴 SEV1 · 決済 API が 5xx · **未対応** · ack 14:20 まで".

    It begins with the severity's sign until a person has the incident; then the state has its own.

    Args:
        limit: Characters of the title, where there is less room than in a post; None: the whole one.
    """
    is_waiting = incident.status is Status.TRIGGERED
    line = words.say(
        "summary.line",
        sign=words.severity_sign(incident.severity, is_drill=incident.is_drill)
        if is_waiting
        else sign_of(incident),
        severity=incident.severity,
        title=words.bare_title(incident, limit=limit),
        owner=owner(words, incident),
    )
    due = until(words, incident)
    return words.marked(incident, words.say("summary.line_until", line=line, until=due) if due else line)


def owner(words: Wording, incident: Incident) -> str:
    """Return who has it, in bold: "**@sato が対応中 (14:07 から)**", "**14:52 から担当なし**"."""
    now, other = incident.owner, incident.told_merged_into
    if now.why is OwnerWhy.ENDED:
        name = f"{state_key(incident)}_unseen" if incident.merged_into_hidden else state_key(incident)
    elif now.name is None:
        name = "new" if now.why is OwnerWhy.NEW else "nobody"
    else:
        name = "held" if incident.shown_phase is None else "phase"
    phase = incident.shown_phase
    said = words.say(
        f"summary.owner.{name}",
        who=words.who(now.name),
        at=words.hour(now.since, on=incident.triggered_at),
        phase="" if phase is None else words.say(f"state.{phase.value}"),
        other="?" if other is None else label_of(other),
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
