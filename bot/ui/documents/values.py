"""The facts of a postmortem in the team's words: the values that its template is given.

Every string is one line that means only what it says, wherever a template puts it (`bot.ui.words.markdown`).
The names are `bot.domain.postmortem.template.VALUES`, explained in docs/internals/postmortem-documents.md.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.domain.action_items import ActionItem, ActionState
from bot.domain.incident.aftermath import Postmortem, PostmortemState
from bot.domain.incident.incident import ByPerson
from bot.domain.postmortem.facts import CallOutcome, PostmortemCall, PostmortemFacts
from bot.domain.timeline.lines import Line
from bot.services.timeline.corrections import CORRECTION_LIMIT
from bot.ui.documents.naming import DocumentWording
from bot.ui.words.links import thread_url
from bot.ui.words.markdown import document_line, document_text, settled
from bot.ui.words.timeline import beside, facts, kind_words, offset, quoted, recorded, source_url, spoken

_TITLE: Final = 420  # 200 characters as stored, escaped
_LIST: Final = 2_000
#: All that a person wrote, every sign of it escaped.
_WORDS: Final = 2 * CORRECTION_LIMIT

Values = dict[str, object]


def values_of(words: DocumentWording, told: PostmortemFacts) -> Values:
    """Return what a template of a postmortem is given; it can be written as JSON."""
    incident = told.incident
    people = [line for line in told.lines if not line.entry.kind.spec.is_machine]
    machine = [line for line in told.lines if line.entry.kind.spec.is_machine]
    return {
        "label": incident.label,
        "title": document_line(incident.title, limit=_TITLE),
        "is_drill": incident.is_drill,
        "is_private": incident.is_private,
        "severity": settled(incident.severity),
        "priority": settled(incident.priority),
        "state": settled(words.state(incident)),
        "targets": settled(words.targets(incident.targets, limit=_LIST)),
        "symptoms": settled(words.symptoms(incident.symptoms, limit=_LIST)),
        "answers": settled(words.path(incident, limit=_LIST)),
        "thread": thread_url(incident) or "",
        **_moments(words, told),
        "detection": _detection(words, told),
        "response": _response(words, told),
        "roles": [
            {"role": words.say(f"roles.name.{role.value}"), "who": settled(words.who(holder.name))}
            for role, holder in incident.roles.items()
        ],
        "resolution": _resolution(words, told),
        "actions": [_action(words, item) for item in told.actions],
        **_owed(told.postmortem),
        "timeline": list(_rows(words, people, since=incident.started_at)),
        "notifications": list(_rows(words, machine, since=incident.started_at)),
        "calls": [_call(words, called, since=incident.started_at) for called in told.called],
    }


def _moments(words: DocumentWording, told: PostmortemFacts) -> Values:
    incident = told.incident
    return {
        "day": words.whole_day(incident.started_at).partition(" ")[0],
        "timezone": words.whole_day(incident.started_at).partition(" ")[2],
        "started": words.full(incident.started_at),
        "triggered": words.full(incident.triggered_at),
        "acknowledged": _at(words, incident.acknowledged),
        "ended": _at(words, incident.ended),
    }


def _at(words: DocumentWording, act: ByPerson | None) -> str:
    return "" if act is None else words.full(act.at)


def _by(words: DocumentWording, act: ByPerson | None) -> str:
    return "" if act is None else settled(words.who(act.name))


def _detection(words: DocumentWording, told: PostmortemFacts) -> Values:
    incident = told.incident
    monitor = incident.tracked.monitor
    return {
        "by": settled(words.who(incident.reported_by.name if monitor is None else monitor)),
        "is_by_monitor": monitor is not None,
        "took": words.span(told.took_to_notice),
    }


def _response(words: DocumentWording, told: PostmortemFacts) -> Values:
    """Return the figures; a text is empty while its moment has not come."""
    incident, took, resolved = told.incident, told.incident.took_to_acknowledge, told.took_to_resolve
    answered = incident.acknowledged or incident.ended
    late = answered is not None and incident.missed_deadline(now=answered.at)
    return {
        "acknowledged_by": _by(words, incident.acknowledged),
        "took_to_acknowledge": "" if took is None else words.span(took),
        "ack_due": words.full(incident.ack_due_at),
        "ack": "open" if answered is None else "late" if late else "in_time",
        "ended_by": _by(words, incident.ended),
        "took_to_resolve": "" if resolved is None else words.span(resolved),
        "updates": told.updates,
        "broken_promises": told.broken_promises,
    }


def _resolution(words: DocumentWording, told: PostmortemFacts) -> Values:
    """Return what is known of cause and impact; without words of its own, that of the last status update."""
    said, last = told.resolution, told.incident.updates.last
    impact = "" if said is None else said.impact
    people = None if said is None else said.people
    duration = None if said is None else said.duration
    return {
        "cause": "" if said is None else document_text(said.cause, limit=_WORDS),
        "fix": "" if said is None else document_text(said.fix, limit=_WORDS),
        "impact": document_text(impact or ("" if last is None else last.impact), limit=_WORDS),
        "people": "" if people is None else words.say("resolution.fact.people", count=f"{people:,}"),
        "duration": "" if duration is None else words.span(duration),
    }


def _action(words: DocumentWording, item: ActionItem) -> Values:
    """Return an action item. Nothing of it changes as days pass; its owner is named by every policy."""
    state = ActionState.OPEN if item.is_open else item.state(item.due_on)
    until = "" if item.watched_until is None else words.full(item.watched_until)
    return {
        "label": item.label,
        "what": document_text(item.what, limit=_WORDS),
        "owner": document_line(item.owner.name, limit=_TITLE),
        "due": item.due_on.isoformat(),
        "verification": document_text(item.verification, limit=_WORDS),
        "state": settled(words.say(f"actions.state.{state.value}", until=until)),
    }


def _owed(owed: Postmortem | None) -> Values:
    """Return who writes the postmortem, and by when; named by every policy, because a task needs a person."""
    if owed is None or owed.state is PostmortemState.NOT_OWED:
        return {"owner": "", "due": ""}
    return {"owner": document_line(owed.owner_name, limit=_TITLE), "due": owed.due_on.isoformat()}


def _rows(words: DocumentWording, lines: Iterable[Line], *, since: datetime) -> Iterator[Mapping[str, str]]:
    for line in lines:
        entry = line.entry
        yield {
            "at": words.full(line.at).rpartition(" ")[0],
            "offset": offset(line.at, since=since),
            "what": settled(kind_words(words, entry)),
            "who": "" if entry.actor_name is None else settled(words.who(entry.actor_name)),
            "text": settled("\n".join(_said(words, line))),
            "source": source_url(line) or "",
        }


def _said(words: DocumentWording, line: Line) -> Iterator[str]:
    """Yield what an entry says after its last correction, then when a late entry was written down."""
    if line.corrections:
        for last in spoken(line, [line.corrections[-1]]):
            yield quoted(words, last, last.said, limit=_WORDS, multiline=True)
        yield from beside(words, line, limit=_WORDS * (len(line.corrections) + 1))
    else:
        yield from facts(words, line.entry, limit=_WORDS, multiline=True)
    if late := recorded(words, replace(line.entry, at=line.at)):
        yield f"({late})"


def _call(words: DocumentWording, called: PostmortemCall, *, since: datetime) -> Values:
    took = "" if called.arrived_at is None else words.span(called.arrived_at - called.asked_at)
    return {
        "at": words.full(called.asked_at).rpartition(" ")[0],
        "offset": offset(called.asked_at, since=since),
        "who": settled(words.on_call([called.who])),
        "outcome": words.say(f"document.call.{called.outcome.value}", took=took),
        "is_reached": called.outcome in (CallOutcome.ARRIVED, CallOutcome.EMAILED),
    }
