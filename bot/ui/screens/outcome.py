"""The outcome of an alert for the person who raised it: at once, and again when Discord has it."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from operator import attrgetter
from typing import Final

from bot.domain.errors import UnavailableError
from bot.domain.incident.incident import Incident, NewIncident, Status
from bot.services.incidents.opening import Opening
from bot.ui.components import Row, Screen, made_of, row, text, to_places
from bot.ui.interaction import Interaction, host_of, redraw, services_of, soon, voice_of
from bot.ui.people import person_from
from bot.ui.posts.bodies import colour_of
from bot.ui.posts.incident.alert import head
from bot.ui.screens.emergency import opened_or_raised
from bot.ui.screens.similar_incident import similar_line
from bot.ui.verbs import IncidentVerb
from bot.ui.words.links import alert_url
from bot.ui.words.voice import Voice
from bot.ui.words.wording import relative

#: Seconds between looks for a responder. They end before the 15 minutes in which Discord lets an answer be
#: edited.
_LOOKS_AFTER_S: Final = (2, 4, 8, 16, *(30,) * 21)


def reported(interaction: Interaction, severity: str, *, title: str, is_private: bool = False) -> NewIncident:
    """Return the incident that a person reports with nothing but its severity and title."""
    return NewIncident(
        guild_id=services_of(interaction).guild_id,
        severity=severity,
        title=title,
        targets=(),
        symptoms=(),
        started_at=interaction.created_at,
        reported_by=person_from(interaction.user),
        path=(),
        key=f"interaction:{interaction.id}",
        is_private=is_private,
    )


async def open_and_show(interaction: Interaction, new: NewIncident) -> None:
    """Open an incident, or raise it without the database, and show the person what became of it."""
    incident = await opened_or_raised(interaction, new)
    if incident is not None:
        in_drill = await services_of(interaction).looking.is_drills_thread(interaction.channel_id)
        await show_sent(interaction, incident, in_drill=in_drill, has_asked=False)


async def show_sent(
    interaction: Interaction, incident: Incident, *, in_drill: bool = False, has_asked: bool = True
) -> None:
    """Show 発報しました at once, and again when Discord has the posts or has refused them.

    Args:
        in_drill: As `sent_card` takes it.
        has_asked: The person was shown a similar incident before; else the second answer names it.
    """
    if not await redraw(interaction, sent_card(voice_of(interaction), incident, in_drill=in_drill)):
        return  # the posts tell
    show_outcome = partial(_show_outcome, interaction, incident.id, in_drill=in_drill, has_asked=has_asked)
    show_late = None if await show_outcome(within_s=2.0) else partial(show_outcome, within_s=180.0)
    keep_current = _keep_current(
        interaction, incident.id, in_drill=in_drill, has_asked=has_asked, show_late=show_late
    )
    host_of(interaction).spawn(keep_current, name="outcome of an alert")


async def _keep_current(
    interaction: Interaction,
    number: int,
    *,
    in_drill: bool,
    has_asked: bool,
    show_late: Callable[[], Awaitable[bool]] | None,
) -> None:
    """Show what became of the alert if it took long, and then who is on it: its reporter waits for that.

    It is an edit of their own answer, so that no one is pinged. A private incident is not shown again: they
    may not see it any more.
    """
    if show_late is not None:
        await show_late()
    for pause_s in _LOOKS_AFTER_S:
        await asyncio.sleep(pause_s)
        with suppress(UnavailableError):
            opening = await services_of(interaction).incidents.opening(number)
            if opening.incident.is_private:
                return
            if opening.incident.status is not Status.TRIGGERED:
                await _draw(interaction, opening, in_drill=in_drill, has_asked=has_asked)
                return


async def _show_outcome(
    interaction: Interaction, number: int, *, in_drill: bool, has_asked: bool, within_s: float
) -> bool:
    """Redraw the card once it is known what became of the alert; False when that took too long."""
    read = partial(services_of(interaction).incidents.opening, number)
    opening = await soon(read, done=attrgetter("is_settled"), within_s=within_s)
    if opening is not None:
        await _draw(interaction, opening, in_drill=in_drill, has_asked=has_asked)
    return opening is not None


async def _draw(interaction: Interaction, opening: Opening, *, in_drill: bool, has_asked: bool) -> None:
    """Redraw the card, with the incident that is similar now: the earlier one may be private by now."""
    incident, voice = opening.incident, voice_of(interaction)
    similar = None
    if not has_asked:
        with suppress(UnavailableError):
            similar = await services_of(interaction).similar.beside(incident)
    await redraw(interaction, sent_card(voice, incident, opening, in_drill=in_drill, similar=similar))


def sent_card(
    voice: Voice,
    incident: Incident,
    opening: Opening | None = None,
    *,
    in_drill: bool = False,
    similar: Incident | None = None,
) -> Screen:
    """Show the alert with links once Discord has the posts; if it refuses it, what happened instead.

    Args:
        in_drill: It was raised in the thread of a drill, and is real all the same.
        similar: Another open incident that may be about the same.
    """
    return Screen(
        text(
            beside_drill(voice, in_drill=in_drill, is_raised=True),
            voice.say("consoles.triage.sent", label=incident.label),
            _what(voice, incident),
            _who_has_it(voice, incident),
            _where(voice, incident, opening),
            "" if similar is None else similar_line(voice, similar),
            "" if similar is None else voice.say("consoles.triage.sent_similar", label=similar.label),
        ),
        rows=[_ways(voice, incident, IncidentVerb.DETAILS)],
        colour=colour_of(voice, incident),
    )


def _who_has_it(voice: Voice, incident: Incident) -> str:
    """Return the ack deadline; once it is acknowledged or has ended, the alert's first line."""
    if incident.status is not Status.TRIGGERED:
        return head(voice, incident)
    due, left = voice.moment(incident.ack_due_at), relative(incident.ack_due_at)
    return voice.say("consoles.triage.ack_until", due=due, left=left)


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
        colour=colour_of(voice, incident),
    )


def _what(voice: Voice, incident: Incident) -> str:
    severity = voice.severity(incident)
    return f"**{severity.name} / {severity.priority}** {voice.title(incident)}"


def _ways(voice: Voice, incident: Incident, *verbs: IncidentVerb) -> Row | None:
    return row(
        *to_places(voice, incident),
        *(made_of(voice.buttons.make(verb, incident.id)) for verb in verbs),
    )


def _where(voice: Voice, incident: Incident, opening: Opening | None) -> str:
    channel = voice.place(incident)
    if opening is not None and opening.has_failed:
        key = "refused_emailed" if opening.emailed else "refused"
        return voice.say(f"consoles.triage.{key}", label=incident.label, channel=channel)
    return "" if alert_url(incident) else voice.say("consoles.triage.posting", channel=channel)
