"""`/incident show`: an incident, its people, its deadlines and what is due next."""

from collections.abc import Iterator
from typing import Final

from discord import SelectOption, ui

from bot.domain.escalation.ladder import StepStatus
from bot.domain.incident.incident import Incident, Status, label_of
from bot.services.incidents.queries import IncidentView
from bot.ui.buttons import IncidentVerb
from bot.ui.components import Row, Screen, made_of, row, select_row, text
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.calls import called, shared, to_come, update_due
from bot.ui.posts.incident.aftermath import aftermath
from bot.ui.posts.incident.alert import again, impact, last_update, roles
from bot.ui.posts.incident.private import place_lines
from bot.ui.words.inert import inert, joined
from bot.ui.words.summary import summary
from bot.ui.words.timeline import told_line
from bot.ui.words.wording import Voice, alert_url, linked_label, relative, state_key, thread_url

TIMELINE_SHOWN: Final = 5

#: The select below the five buttons: its custom id, and what it offers with its sign.
MORE: Final = r"inc:v1:more:(?P<number>\d{1,18})"
MORE_CHOICES: Final = {
    IncidentVerb.NOTE: "📝",
    IncidentVerb.TIMELINE: "🧾",
    IncidentVerb.EDIT: "🏷️",
    IncidentVerb.WHY: "❓",
}

_LIST_BUDGET = 300
_FACTS_BUDGET = 1_900  # of the 4,000 characters that all texts of a screen may have
_TIMELINE_BUDGET = 1_800
_RELATED_SHOWN = 4
_TITLE_BUDGET = 80
_CALLED_SHOWN = 5


def show_screen(voice: Voice, view: IncidentView) -> Screen:
    """Show state, people, deadlines, the last entries, what is due next, and what can be done now."""
    incident = view.incident
    facts = joined(
        [*_facts(voice, incident), *_now(voice, view)], separator="\n", limit=_FACTS_BUDGET, more="\n…"
    )
    urls = {"to_post": alert_url(incident), "to_thread": thread_url(incident)}
    # [アラートを開く] [スレッドへ] are words: five buttons are enough.
    links = [f"[{voice.say(f'buttons.{key}')}]({url})" for key, url in urls.items() if url is not None]
    return Screen(
        text(facts),
        ui.Separator(),
        text(voice.say("consoles.incident.timeline"), *_latest(voice, view), " · ".join(links)),
        rows=[_actions(voice, incident), _more(voice, incident)],
        colour=colour_of(voice, incident),
    )


def _facts(voice: Voice, incident: Incident) -> Iterator[str]:
    said = incident.updates.impact
    yield summary(voice, incident)
    if said:
        yield impact(voice, incident)
    yield voice.say(
        "consoles.incident.facts",
        label=incident.label,
        priority=voice.severity(incident).priority,
        started=voice.moment(incident.started_at),
        ago=relative(incident.started_at),
        reporter=voice.who(incident.reported_by.name),
    )
    known = {
        "targets": voice.targets(incident.targets, limit=_LIST_BUDGET),
        "symptoms": voice.symptoms(incident.symptoms, limit=_LIST_BUDGET),
        "path": "" if said and not incident.regraded else voice.path(incident, limit=_LIST_BUDGET),
        "answers": voice.answers(incident, limit=_LIST_BUDGET) if incident.regraded else "",
    }
    for name, words in known.items():
        if words:
            yield voice.say(f"consoles.incident.{name}", **{name: words})


def _now(voice: Voice, view: IncidentView) -> Iterator[str]:
    """Yield the console's state: responders, last update, deadlines, related incidents; no empty lines."""
    incident = view.incident
    users = incident.users_affected if incident.is_open else None
    lines = [
        *_progress(voice, incident),
        *aftermath(voice, incident),
        roles(voice, incident),
        _responders(voice, view),
        last_update(voice, incident),
        again(voice, incident),
        update_due(voice, incident) if incident.is_open else "",
        "" if users is None else voice.say("updates.post.users", users=voice.users(users)),
        *_own(voice, view),
        *_called(voice, incident),
        _next(voice, view),
        *(() if view.post_places is None else place_lines(voice, view.post_places)),
        *(
            voice.say(
                "consoles.incident.related",
                name=linked_label(other),
                state=voice.state(other),
                severity=other.severity,
                title=voice.marked(other, inert(other.title, limit=_TITLE_BUDGET)),
            )
            for other in view.related[:_RELATED_SHOWN]
        ),
        *_own(voice, view, last=True),
    ]
    yield from (line for line in lines if line)


def _own(voice: Voice, view: IncidentView, *, last: bool = False) -> Iterator[str]:
    """Yield the lines of the capabilities: those amid the core's, or the *last* ones."""
    for line, data in view.own:
        if line.is_last is last:
            said = line.say(voice, view.incident, data)
            yield from [said] if isinstance(said, str) else said


def _progress(voice: Voice, incident: Incident) -> Iterator[str]:
    """Yield the ack deadline while unacknowledged, else who acknowledged and when; and how it ended."""
    if (ack := incident.acknowledged) is not None:
        yield voice.say(
            "consoles.incident.acknowledged",
            by=voice.who(ack.name),
            at=voice.moment(ack.at),
            span=voice.span(ack.at - incident.triggered_at),
        )
    elif incident.status is Status.TRIGGERED:
        due = incident.ack_due_at
        yield voice.say("consoles.incident.ack_due", due=voice.moment(due), left=relative(due))
    if incident.is_open and (reopened := incident.reopened) is not None:
        by = voice.who(reopened.name)
        yield voice.say("consoles.incident.reopened", by=by, at=voice.moment(reopened.at))
    if (end := incident.ended) is not None:
        yield voice.say(
            f"consoles.incident.{state_key(incident)}",
            by=voice.who(end.name),
            at=voice.moment(end.at),
            span=voice.span(end.at - incident.triggered_at),
            other="?" if incident.merged_into_id is None else label_of(incident.merged_into_id),
        )


def _responders(voice: Voice, view: IncidentView) -> str:
    """Name the responders that `_progress` has not named; empty when there are none."""
    incident = view.incident
    acts = incident.acknowledged, incident.reopened if incident.is_open else None
    named = {act.id for act in acts if act is not None}
    others = [voice.who(holder.name) for holder in view.responders if holder.id not in named]
    if not others:
        return ""
    return voice.say("consoles.incident.responders", people=voice.joined(others, limit=_LIST_BUDGET))


def _called(voice: Voice, incident: Incident) -> Iterator[str]:
    """Yield who was called so far, by which ways and with what result, until a person acknowledges."""
    if incident.status is not Status.TRIGGERED:
        return
    systems = voice.listed(shared(voice, incident))
    for what in [*called(voice, incident), *([systems] if systems else [])][:_CALLED_SHOWN]:
        yield voice.say("consoles.incident.called", what=what)


def _next(voice: Voice, view: IncidentView) -> str:
    """Say what happens next, and when, if no one acknowledges; empty when no step is pending."""
    step = next((step for step in view.ladder if step.status is StepStatus.PENDING), None)
    if step is None:
        return ""
    rung, due = step.rung, step.due_at
    ways = [voice.next_rung(rung, about=view.incident)]
    if rung.dm:
        ways.append(voice.say("consoles.incident.next_dm", people=voice.on_call(rung.dm)))
    ways += to_come(voice, view.incident, rung.also, rung.dm)
    how = voice.listed(ways)
    return voice.say("consoles.incident.next", due=voice.moment(due), left=relative(due), how=how)


def _latest(voice: Voice, view: IncidentView) -> list[str]:
    """Return the last entries, oldest first, as many as there is room for."""
    shown: list[str] = []
    budget = _TIMELINE_BUDGET
    for each in reversed(view.lines[-TIMELINE_SHOWN:]):
        line = told_line(voice, each)
        budget -= len(line) + 1
        if budget < 0:
            break
        shown.insert(0, line)
    return shown


def _actions(voice: Voice, incident: Incident) -> Row | None:
    """Return the buttons that make sense now, the safe one first; at most five."""
    make = voice.buttons.make
    if not incident.is_open:
        other = incident.merged_into_id
        back = () if incident.is_drill else (IncidentVerb.REOPEN,)
        why = (IncidentVerb.WHY,) if other is None else ()  # a row holds five
        ended = (IncidentVerb.NOTE, IncidentVerb.TIMELINE, IncidentVerb.EDIT, *why, *back)
        return row(
            None if other is None else made_of(make(IncidentVerb.VIEW, other)),
            *(made_of(make(verb, incident.id)) for verb in ended),
        )
    ack = make(IncidentVerb.ACK, incident.id, words=None if incident.status is Status.TRIGGERED else "join")
    verbs = (IncidentVerb.FIRST, IncidentVerb.DETAILS, IncidentVerb.SEVERITY, IncidentVerb.RESOLVE)
    return row(made_of(ack), *(made_of(make(verb, incident.id)) for verb in verbs))


def _more(voice: Voice, incident: Incident) -> Row | None:
    """Return the select with the actions beyond the five buttons; None once the incident has ended."""
    if not incident.is_open:
        return None
    offered = [(verb.value, emoji) for verb, emoji in MORE_CHOICES.items()]
    own = (choice for capability in voice.policy.capabilities for choice in capability.choices)
    offered[-1:-1] = [
        (choice.verb.value, choice.verb.emoji) for choice in own if choice.is_offered(voice.policy, incident)
    ]
    options = [
        SelectOption(label=voice.say(f"buttons.{value}"), value=value, emoji=emoji)
        for value, emoji in offered
    ]
    return select_row(f"inc:v1:more:{incident.id}", voice.say("consoles.incident.more"), options)
