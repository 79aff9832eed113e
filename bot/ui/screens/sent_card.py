"""発報しました: the outcome of a triage or of /sev1, for the person who did it."""

from typing import Any

from discord import ui

from bot.domain.incident.incident import Incident
from bot.services.incidents.commands import Opening
from bot.ui.buttons import IncidentVerb
from bot.ui.components import Screen, made_of, row, text
from bot.ui.posts.bodies import COLOURS
from bot.ui.words.links import alert_url, thread_url
from bot.ui.words.timestamps import relative
from bot.ui.words.voice import Voice


def sent_card(
    voice: Voice, incident: Incident, opening: Opening | None = None, *, in_drill: bool = False
) -> Screen:
    """With links once Discord has the posts; if it refuses the alert, what happened instead.

    Args:
        in_drill: It was raised in the thread of a drill, and is real all the same.
    """
    return Screen(
        text(
            beside_drill(voice, in_drill=in_drill, is_raised=True),
            voice.say("consoles.triage.sent", label=incident.label),
            _what(voice, incident),
            voice.say(
                "consoles.triage.ack_until",
                due=voice.moment(incident.ack_due_at),
                left=relative(incident.ack_due_at),
            ),
            _where(voice, incident, opening),
        ),
        rows=[_ways(voice, incident, IncidentVerb.DETAILS)],
        colour=COLOURS[incident.status],
    )


def beside_drill(voice: Voice, *, in_drill: bool, is_raised: bool = False) -> str:
    """Say that an incident raised from a drill's thread is real, before or after raising; else empty."""
    key = "raised_beside_drill" if is_raised else "beside_drill"
    return voice.say(f"consoles.triage.{key}") if in_drill else ""


def raised_card(voice: Voice, incident: Incident, *, has_typed: bool = True) -> Screen:
    """Show *incident* to a person who wants to triage a message that already became it, or that shows it.

    Args:
        has_typed: They have filled in the form.
    """
    on_it = None if incident.on_it is None else incident.on_it.name
    key = "raised_before" if has_typed else "raised_unasked"
    return Screen(
        text(
            voice.say(f"consoles.triage.{key}", label=incident.label),
            _what(voice, incident),
            voice.state(incident) if on_it is None else f"{voice.state(incident)} · 👀 {voice.who(on_it)}",
        ),
        rows=[_ways(voice, incident, IncidentVerb.SEVERITY, IncidentVerb.DETAILS)],
        colour=COLOURS[incident.status],
    )


def _what(voice: Voice, incident: Incident) -> str:
    severity = voice.severity(incident)
    return f"**{severity.name} / {severity.priority}** {voice.title(incident)}"


def _ways(voice: Voice, incident: Incident, *verbs: IncidentVerb) -> ui.ActionRow[Any] | None:
    buttons = voice.buttons
    return row(
        made_of(buttons.link("to_post", alert_url(incident))),
        made_of(buttons.link("to_thread", thread_url(incident))),
        *(made_of(buttons.make(verb, incident.id)) for verb in verbs),
    )


def _where(voice: Voice, incident: Incident, opening: Opening | None) -> str:
    channel = voice.place(incident)
    if opening is not None and opening.has_failed:
        key = "refused_emailed" if opening.emailed else "refused"
        return voice.say(f"consoles.triage.{key}", label=incident.label, channel=channel)
    return "" if alert_url(incident) else voice.say("consoles.triage.posting", channel=channel)
