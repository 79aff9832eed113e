"""`/incident show`: an incident, its people, its deadlines and what is due next."""

from collections.abc import Iterator
from typing import Final

from discord import ui

from bot.domain.escalation.ladder import StepStatus
from bot.domain.incident.incident import Incident, Status
from bot.domain.incident.ownership import OwnerWhy
from bot.services.incidents.queries import IncidentView
from bot.ui.components import Row, Screen, made_of, row, text
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.calls import called, shared, to_come
from bot.ui.posts.incident.aftermath import aftermath
from bot.ui.posts.incident.alert import again, impact, last_update, roles
from bot.ui.posts.incident.controls import first_buttons, others_button
from bot.ui.posts.incident.private import place_lines
from bot.ui.words.inert import inert, joined
from bot.ui.words.summary import summary
from bot.ui.words.timeline import told_line
from bot.ui.words.wording import Voice, alert_url, linked_label, relative, thread_url

TIMELINE_SHOWN: Final = 5

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
    # [アラートを開く] [スレッドへ] are words: few buttons are enough.
    links = [f"[{voice.say(f'buttons.{key}')}]({url})" for key, url in urls.items() if url is not None]
    return Screen(
        text(facts),
        ui.Separator(),
        text(voice.say("consoles.incident.timeline"), *_latest(voice, view), " · ".join(links)),
        rows=[_actions(voice, incident)],
        colour=colour_of(voice, incident),
    )


def _facts(voice: Voice, incident: Incident) -> Iterator[str]:
    """Yield the first line of all posts, how bad it is, who has it and why, then the facts."""
    affected = impact(voice, incident)
    yield from (line for line in (summary(voice, incident), affected, *_owner(voice, incident)) if line)
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
        "path": ""
        if incident.updates.impact and not incident.regraded
        else voice.path(incident, limit=_LIST_BUDGET),
        "answers": voice.answers(incident, limit=_LIST_BUDGET) if incident.regraded else "",
    }
    said = "" if incident.updates.impact else affected  # a person's sentence stands for no fact
    for name, words in known.items():
        if words and words not in said:
            yield voice.say(f"consoles.incident.{name}", **{name: words})


def _now(voice: Voice, view: IncidentView) -> Iterator[str]:
    """Yield the console's state: responders, last update, deadlines, related incidents; no empty lines."""
    incident = view.incident
    users = incident.users_affected if incident.is_open else None
    lines = [
        *aftermath(voice, incident),
        roles(voice, incident),
        _responders(voice, view),
        last_update(voice, incident),
        again(voice, incident),
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


def _owner(voice: Voice, incident: Incident) -> Iterator[str]:
    """Yield how its owner came to have it, or why it has none; before that, its first acknowledgement.

    Of an ended incident, how long it took.
    """
    now, first, on = incident.owner, incident.acknowledged, incident.triggered_at
    if first is not None and not (now.why is OwnerWhy.ACKED and first.at == now.since):
        who, at = voice.who(first.name), voice.clock(first.at, on=on)
        yield voice.say("consoles.incident.first_ack", who=who, at=at, span=voice.span(first.at - on))
    if now.why is OwnerWhy.NEW:
        return
    yield voice.say(
        f"consoles.incident.owner.{now.why.value}",
        who=voice.who(now.name if now.former is None else now.former),
        at=voice.clock(now.since, on=on),
        span=voice.span(now.since - on),
    )


def _responders(voice: Voice, view: IncidentView) -> str:
    """Name the responders beside the owner; empty when there are none."""
    owner_id = view.incident.owner.id
    others = [voice.who(holder.name) for holder in view.responders if holder.id != owner_id]
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
    """Return what the state calls for, and the way to everything else."""
    made = [*first_buttons(voice, incident, is_edited=False), others_button(voice, incident)]
    return row(*map(made_of, made))
