"""`/incident`, the first-response sheet, and the short answers to the buttons of an incident."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from discord import ButtonStyle, SelectOption, ui

from bot.domain.escalation import Step, StepStatus
from bot.domain.incident import Acknowledgement, AckOutcome, Incident, Status, TimelineEntry
from bot.domain.severity import Mention, SeverityPolicy
from bot.services.escalations import PassedOn
from bot.services.incidents import IncidentView
from bot.ui.bodies import COLOURS
from bot.ui.buttons import IncidentVerb
from bot.ui.components import Screen, button, made_of, row, text
from bot.ui.inert import code_block, inert, joined, plain
from bot.ui.links import alert_url, home_url, thread_url
from bot.ui.timestamps import relative
from bot.ui.voice import Voice, channel_name

PAGE_SIZE: Final = 10
TIMELINE_SHOWN: Final = 5
ANY_STATUS: Final = "any"

_LIST_ROOM = 300
_SHEET_ROOM = 3_800


def list_screen(voice: Voice, incidents: Sequence[Incident], *, status: Status | None, page: int) -> Screen:
    """A page of incidents, newest first.

    Args:
        incidents: One more than `PAGE_SIZE` says that there is a next page.
        status: The only one listed, or None.
        page: From 0.
    """
    shown = incidents[:PAGE_SIZE]
    which = voice.say("consoles.incident.list_all" if status is None else f"state.{status.value}")
    lines = [_line(voice, incident) for incident in shown]
    return Screen(
        text(
            voice.say("consoles.incident.list_title", status=which),
            *(lines or [voice.say("consoles.incident.list_empty")]),
            voice.say("consoles.incident.page", number=page + 1) if page else "",
        ),
        rows=[_open_select(voice, shown), _pages(voice, status, page, has_next=len(incidents) > PAGE_SIZE)],
    )


def show_screen(voice: Voice, view: IncidentView) -> Screen:
    """State, people, deadlines, the last entries, what is due next, and what can be done now."""
    incident = view.incident
    entries = view.timeline[-TIMELINE_SHOWN:]
    return Screen(
        text(*_facts(voice, incident), _next(voice, view)),
        ui.Separator(),
        text(voice.say("consoles.incident.timeline"), *(_entry(voice, entry) for entry in entries)),
        rows=[_actions(voice, incident), _links(voice, incident)],
        colour=COLOURS[incident.status],
    )


def first_response_screen(voice: Voice, incident: Incident) -> Screen:
    """初動: what to do, and the commands to copy."""
    sheet = voice.policy.first_response.get(incident.severity)
    steps = [f"{number}. {voice.pick(step)}" for number, step in enumerate(sheet.steps, 1)] if sheet else []
    commands = (
        f"**{voice.pick(command.label)}**\n{code_block(command.command)}"
        for command in (sheet.commands if sheet else ())
    )
    body = joined([*steps, *commands], separator="\n", limit=_SHEET_ROOM, more="\n…")
    title = voice.say("consoles.incident.first_response", severity=incident.severity, label=incident.label)
    return Screen(
        text(title, body or voice.say("consoles.incident.no_first_response")), colour=COLOURS[incident.status]
    )


def resolve_question(voice: Voice, incident: Incident) -> Screen:
    """It cannot be undone, so it asks once; the safe way out comes first."""
    return Screen(
        text(
            voice.say(
                "consoles.incident.resolve_question", label=incident.label, title=voice.title(incident)
            ),
            voice.say("consoles.incident.resolve_means"),
        ),
        rows=[
            row(
                button(voice.say("consoles.quit"), "ui:v1:quit"),
                button(
                    voice.say("consoles.incident.resolve_now"),
                    f"inc:v1:resolve-now:{incident.id}",
                    style=ButtonStyle.success,
                    emoji="✅",
                ),
            )
        ],
    )


def resolved_screen(voice: Voice, incident: Incident) -> Screen:
    """解決にしました, and what is owed."""
    severity = voice.severity(incident)
    owed = voice.say("consoles.said.postmortem_owed", severity=severity.name) if severity.postmortem else ""
    return Screen(
        text(voice.say("consoles.said.resolved", label=incident.label), voice.title(incident), owed),
        rows=[_links(voice, incident)],
        colour=COLOURS[incident.status],
    )


def quit_screen(voice: Voice) -> Screen:
    """やめました."""
    return Screen(text(voice.say("consoles.quit_done")))


def acknowledged(voice: Voice, result: Acknowledgement) -> str:
    """What pressing ack has changed."""
    incident = result.incident
    took = incident.took_to_acknowledge
    return voice.say(
        f"consoles.ack.{result.outcome.value}",
        label=incident.label,
        span="" if took is None or result.outcome is not AckOutcome.FIRST else voice.span(took),
        by=voice.who(incident.acknowledged_by_name),
    )


def passed_on(voice: Voice, result: PassedOn) -> str:
    """Whom 今は対応できない has passed it on to, and what happens if they do not answer either."""
    incident, following = result.incident, result.following
    channel = channel_name(voice.severity(incident).channel)
    if result.to is None:
        told = voice.say("consoles.said.passed_on_nobody", label=incident.label, channel=channel)
    else:
        people = voice.on_call([result.to])
        told = voice.say("consoles.said.passed_on", label=incident.label, people=people)
    if following is None:
        return told
    at = voice.clock(following.due_at, on=incident.triggered_at)
    then = voice.say("consoles.said.passed_on_then", at=at, channel=channel)
    return f"{told} {then}"


def _line(voice: Voice, incident: Incident) -> str:
    """🔴 未対応 INC-42 SEV1 · 決済 API が 5xx · 11/24 14:05 JST, at most 340 characters."""
    url = home_url(incident)
    name = f"[{incident.label}]({url})" if url else f"**{incident.label}**"
    title = inert(incident.title, limit=150)
    started = voice.moment(incident.started_at)
    return f"{voice.state(incident)} {name} {incident.severity} · {title} · {started}"


def _facts(voice: Voice, incident: Incident) -> Iterator[str]:
    severity = voice.severity(incident)
    state = voice.state(incident)
    yield f"**{incident.label}** {state} · **{incident.severity} / {severity.priority}**"
    yield voice.title(incident)
    yield voice.say(
        "consoles.incident.facts",
        started=voice.moment(incident.started_at),
        ago=relative(incident.started_at),
        reporter=voice.who(incident.reported_by_name),
    )
    known = {
        "targets": voice.targets(incident.targets, limit=_LIST_ROOM),
        "symptoms": voice.symptoms(incident.symptoms, limit=_LIST_ROOM),
        "path": voice.path(incident, limit=_LIST_ROOM),
    }
    for name, words in known.items():
        if words:
            yield voice.say(f"consoles.incident.{name}", **{name: words})
    yield from _progress(voice, incident)


def _progress(voice: Voice, incident: Incident) -> Iterator[str]:
    """The deadline while nobody is on it, else who has been and when."""
    if incident.acknowledged_at is not None:
        yield voice.say(
            "consoles.incident.acknowledged",
            by=voice.who(incident.acknowledged_by_name),
            at=voice.moment(incident.acknowledged_at),
            span=voice.span(incident.acknowledged_at - incident.triggered_at),
        )
    elif incident.is_open:
        due = incident.ack_due_at
        yield voice.say("consoles.incident.ack_due", due=voice.moment(due), left=relative(due))
    if incident.resolved_at is not None:
        yield voice.say(
            "consoles.incident.resolved",
            by=voice.who(incident.resolved_by_name),
            at=voice.moment(incident.resolved_at),
            span=voice.span(incident.resolved_at - incident.triggered_at),
        )


def _next(voice: Voice, view: IncidentView) -> str:
    """What happens if nobody acknowledges until then; empty when nothing is due."""
    step = next((step for step in view.ladder if step.status is StepStatus.PENDING), None)
    if step is None:
        return ""
    how = ", ".join(_step(voice, step, view.severity))
    due = step.due_at
    return voice.say("consoles.incident.next", due=voice.moment(due), left=relative(due), how=how)


def _step(voice: Voice, step: Step, severity: SeverityPolicy) -> Iterable[str]:
    key = "next_here" if step.rung.mention is Mention.HERE else "next_channel"
    yield voice.say(f"consoles.incident.{key}", channel=channel_name(severity.channel))
    if step.rung.dm:
        yield voice.say("consoles.incident.next_dm", people=voice.on_call(step.rung.dm))


def _entry(voice: Voice, entry: TimelineEntry) -> str:
    """11/24 14:07 JST · ack · @responder."""
    parts = [voice.moment(entry.at), voice.say(f"consoles.timeline.{entry.kind.value}")]
    if entry.actor_name is not None:
        parts.append(voice.who(entry.actor_name))
    words = (entry.data or {}).get("text")
    if isinstance(words, str):
        parts.append(inert(words, limit=_LIST_ROOM))
    return " · ".join(parts)


def _actions(voice: Voice, incident: Incident) -> ui.ActionRow[ui.LayoutView] | None:
    """What makes sense now; a resolved incident still takes notes."""
    make = voice.buttons.make
    ack = make(IncidentVerb.ACK, incident.id, words=None if incident.status is Status.TRIGGERED else "join")
    verbs = (IncidentVerb.FIRST, IncidentVerb.DETAILS, IncidentVerb.NOTE, IncidentVerb.RESOLVE)
    if not incident.is_open:
        return row(made_of(make(IncidentVerb.NOTE, incident.id)))
    return row(made_of(ack), *(made_of(make(verb, incident.id)) for verb in verbs))


def _links(voice: Voice, incident: Incident) -> ui.ActionRow[ui.LayoutView] | None:
    buttons = voice.buttons
    return row(
        made_of(buttons.link("to_post", alert_url(incident))),
        made_of(buttons.link("to_thread", thread_url(incident))),
    )


def _open_select(voice: Voice, incidents: Sequence[Incident]) -> ui.ActionRow[ui.LayoutView] | None:
    if not incidents:
        return None
    options = [
        SelectOption(
            label=f"{incident.label} {incident.severity}",
            description=plain(incident.title, limit=100),
            value=str(incident.id),
        )
        for incident in incidents
    ]
    return row(
        ui.Select(custom_id="inc:v1:open", placeholder=voice.say("consoles.incident.open"), options=options)
    )


def _pages(
    voice: Voice, status: Status | None, page: int, *, has_next: bool
) -> ui.ActionRow[ui.LayoutView] | None:
    which = ANY_STATUS if status is None else status.value
    newer = (
        button(voice.say("consoles.newer"), f"inc:v1:list:{which}:{page - 1}", emoji="◀") if page else None
    )
    older = button(voice.say("consoles.older"), f"inc:v1:list:{which}:{page + 1}", emoji="▶")
    return row(newer, older if has_next else None)
