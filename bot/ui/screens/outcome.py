"""The answers to a person who raises an alert: its outcome, similar incidents, refused forms, no database."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from operator import attrgetter
from typing import Any, Final

import discord
from discord import ButtonStyle, ui

from bot.capability import RefusedReport
from bot.domain.errors import StorageUnavailable, UnavailableError, UserError
from bot.domain.incident.incident import Incident, NewIncident
from bot.domain.triage.session import Triage
from bot.services.incidents.opening import Incidents, Opening
from bot.services.outage.emergency import Raised
from bot.services.triage.walk import Similar
from bot.ui.buttons import IncidentVerb
from bot.ui.components import GREY, Row, Screen, button, buttons_view, link, made_of, row, text, to_places
from bot.ui.errors import describe
from bot.ui.forms.fields import MessageSource, Typed
from bot.ui.interaction import Interaction, host_of, person_from, redraw, reply, services_of, soon, voice_of
from bot.ui.posts.bodies import colour_of
from bot.ui.words.summary import owner, summary
from bot.ui.words.wording import Voice, alert_url, channel_name, linked_label, place_url, relative

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


async def takes_report(interaction: Interaction, report: RefusedReport) -> bool:
    """Return True if a capability has answered a person who lacks the role for their report."""
    for capability in services_of(interaction).policy.capabilities:
        take = capability.on_refused_report
        if take is not None and await take(interaction, report):
            return True
    return False


async def open_and_show(interaction: Interaction, new: NewIncident) -> None:
    """Open an incident, or raise it without the database, and show the person what became of it.

    A person without the role may hand on their report instead, unless it must stay private.
    """
    refused = RefusedReport(severity=new.severity, title=new.title)
    may = new.is_private or services_of(interaction).access.allows(new.reported_by, "triage")
    if not may and await takes_report(interaction, refused):
        return
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
        interaction, incident, in_drill=in_drill, has_asked=has_asked, show_late=show_late
    )
    host_of(interaction).spawn(keep_current, name="outcome of an alert")


async def _keep_current(
    interaction: Interaction,
    incident: Incident,
    *,
    in_drill: bool,
    has_asked: bool,
    show_late: Callable[[], Awaitable[bool]] | None,
) -> None:
    """Show what became of the alert if it took long, and then who has it: its reporter waits for that.

    It is an edit of their own answer, so that no one is pinged. A private incident is not shown again: they
    may not see it any more. Once it has ended, or Discord lets the answer be edited no longer, it stays.
    """
    if show_late is not None:
        await show_late()
    voice = voice_of(interaction)
    shown = summary(voice, incident)
    for pause_s in _LOOKS_AFTER_S:
        await asyncio.sleep(pause_s)
        with suppress(UnavailableError):
            opening = await services_of(interaction).incidents.opening(incident.id)
            if opening.incident.is_private:
                return
            if (now := summary(voice, opening.incident)) != shown:
                shown = now
                await _draw(interaction, opening, in_drill=in_drill, has_asked=has_asked)
            if not opening.incident.is_open:
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
            summary(voice, incident),
            _where(voice, incident, opening),
            "" if similar is None else similar_line(voice, similar),
            "" if similar is None else voice.say("consoles.triage.sent_similar", label=similar.label),
            voice.say("consoles.ack.where"),
        ),
        rows=[_ways(voice, incident, IncidentVerb.DETAILS)],
        colour=colour_of(voice, incident),
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
    key = "raised_before" if has_typed else "raised_unasked"
    return Screen(
        text(
            voice.say(f"consoles.triage.{key}", label=incident.label),
            summary(voice, incident),
            voice.say("consoles.ack.where"),
        ),
        rows=[_ways(voice, incident, IncidentVerb.SEVERITY, IncidentVerb.DETAILS)],
        colour=colour_of(voice, incident),
    )


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


#: The end says what the card promised: `join_up` that the incident gets the severity of the triage.
JOIN: Final = (
    r"tri:v1:(?P<way>join|join_up):(?P<number>\d{1,18}):(?P<incident>\d{1,18}):(?P<shown>[A-Za-z0-9_-]{1,16})"
)
RISES: Final = "join_up"


def similar_lines(voice: Voice, similar: Similar, severity: str) -> Iterator[str]:
    """Yield what is known of the similar incident, and what joining it would do to its severity."""
    incident = similar.incident
    yield similar_line(voice, incident)
    if similar.rises:
        yield voice.say(
            "consoles.triage.similar_rises",
            label=incident.label,
            before=incident.severity,
            after=severity,
        )
    else:
        yield voice.say("consoles.triage.similar_joins", label=incident.label)


def similar_line(voice: Voice, incident: Incident) -> str:
    """Return 似た継続中の件：INC-41 🔴 SEV1 決済 API が 5xx · 12 分前 · @佐藤 が対応中 (14:07 から)."""
    return voice.say(
        "consoles.triage.similar",
        label=linked_label(incident),
        sign=voice.severity_sign(incident.severity, is_drill=False),
        severity=incident.severity,
        title=voice.title(incident),
        ago=relative(incident.triggered_at),
        state=owner(voice, incident),
    )


def join_button(voice: Voice, triage: Triage, similar: Similar, severity: str) -> ui.Button[Any]:
    """Return [これに合流]; if the incident's severity rises by it, the label says so."""
    words, way = ("join_rises", RISES) if similar.rises else ("join", "join")
    return button(
        voice.say(f"consoles.triage.{words}", severity=severity),
        f"tri:v1:{way}:{triage.id}:{similar.incident.id}:{severity}",
        style=ButtonStyle.primary,
        emoji="🔗",
    )


def joined_card(voice: Voice, incident: Incident) -> Screen:
    """Show the incident that the report has joined, and who is on it."""
    return Screen(
        text(
            voice.say("consoles.triage.joined_incident", label=incident.label),
            summary(voice, incident),
            voice.say("consoles.triage.joined_what"),
            voice.say("consoles.ack.where"),
        ),
        rows=[row(*to_places(voice, incident), made_of(voice.buttons.make(IncidentVerb.VIEW, incident.id)))],
        colour=colour_of(voice, incident),
    )


#: The custom id of [SEV1 を発報する] under a triage that cannot go on; the message keeps the words.
URGENT: Final = r"tri:v1:urgent:(?P<severity>[A-Za-z0-9_-]{1,16}):(?P<targets>\d{1,8}):(?P<symptoms>\d{1,8})"

#: How long to ask whether something was recorded after all, seconds.
_RECORDED_S: Final = 1.0


def raised(voice: Voice, done: Raised, *, guild_id: int) -> tuple[str, ui.View]:
    """Say who was told, and that nothing needs to be done again."""
    channel = channel_name(voice.policy.rules(done.severity).channel)
    key = "posted" if done.alert else "mailed" if done.notified else "nobody"
    where = done.alert
    url = None if where is None else place_url(guild_id, where.channel_id, where.message_id)
    view = buttons_view(link(voice.say("emergency.said.open"), url))
    return voice.say(f"emergency.said.{key}", channel=channel, count=done.notified), view


def offer(voice: Voice, typed: Typed, severities: Iterable[str]) -> tuple[str, discord.Embed, ui.View]:
    """Offer the highest severities at once with what was typed, because the questions cannot be asked."""
    embed = discord.Embed(colour=GREY).set_author(name=typed.title).set_footer(text=typed.started or "-")
    chosen = f"{bits(voice.policy.targets, typed.targets)}:{bits(voice.policy.symptoms, typed.symptoms)}"
    buttons = (
        button(
            voice.say("emergency.said.raise", severity=severity),
            f"tri:v1:urgent:{severity}:{chosen}",
            style=ButtonStyle.danger,
            emoji="🚨",
        )
        for severity in severities
    )
    return voice.say("emergency.said.offer"), embed, buttons_view(*buttons)


async def opened_or_raised(interaction: Interaction, new: NewIncident) -> Incident | None:
    """Open an incident. If the database cannot record it, alert people without it, and answer the person.

    Returns:
        The incident; None if it was raised without the database, and the person has their answer.

    Raises:
        StorageUnavailable: nothing can be recorded, and it is not severe enough, or must stay private.
    """
    services = services_of(interaction)
    incidents, emergency = services.incidents, services.emergency
    if new.is_private or not emergency.covers(new.severity):
        return await incidents.open(new)
    with suppress(StorageUnavailable):
        return await emergency.unless_away(incidents.open(new))
    if known := await recorded(new.key, incidents=incidents):
        return known
    await raise_anyway(interaction, new)
    return None


async def recorded(key: str, *, incidents: Incidents) -> Incident | None:
    """Return the incident that was recorded under *key* after all, if the database says so in time.

    A connection may break between a commit and its answer. Raising that incident again without a database
    would page people twice.
    """
    with suppress(StorageUnavailable, TimeoutError):
        async with asyncio.timeout(_RECORDED_S):
            return await incidents.opened(key)
    return None


async def raise_anyway(interaction: Interaction, new: NewIncident) -> None:
    """Raise the incident without a database, and say what happened."""
    done = await services_of(interaction).emergency.raise_alert(new)
    text, view = raised(voice_of(interaction), done, guild_id=new.guild_id)
    await reply(interaction, text, view=view)


# Nothing is stored: the message itself keeps it, so the button works after a restart too. An embed's author
# and footer show their text without markup, exactly as it was typed.

#: The custom id of [直して送る]: which targets and symptoms were chosen, one bit each, and the message that
#: the triage is about.
RETRY: Final = (
    r"tri:v1:retry:(?P<targets>\d{1,8}):(?P<symptoms>\d{1,8})"
    r"(?::(?P<channel>\d{1,20}):(?P<message>\d{1,20}))?"
)


def retry_message(
    voice: Voice, typed: Typed, refused: UserError, *, source: MessageSource | None
) -> tuple[str, discord.Embed, ui.View]:
    """Say why the form was refused and what was typed, with a button that opens the form with it again."""
    embed = discord.Embed(colour=GREY).set_author(name=typed.title).set_footer(text=typed.started or "-")
    targets = bits(voice.policy.targets, typed.targets)
    symptoms = bits(voice.policy.symptoms, typed.symptoms)
    about = "" if source is None else f":{source.channel_id}:{source.message_id}"
    custom_id = f"tri:v1:retry:{targets}:{symptoms}{about}"
    view = buttons_view(button(voice.say("consoles.triage.retry"), custom_id, style=ButtonStyle.primary))
    return describe(voice, refused), embed, view


def typed_before(voice: Voice, message: discord.Message, fields: Mapping[str, str | None]) -> Typed:
    """Read back what `retry_message` kept, for the form.

    Args:
        voice: Of the person who presses.
        message: The message with the button.
        fields: The groups of `RETRY`.
    """
    embed = message.embeds[0]
    return Typed(
        title=embed.author.name or "",
        started=embed.footer.text or "",
        targets=_chosen(voice.policy.targets, int(fields["targets"] or 0)),
        symptoms=_chosen(voice.policy.symptoms, int(fields["symptoms"] or 0)),
    )


def bits(known: Iterable[str], chosen: Iterable[str]) -> int:
    """Return which of *known* are *chosen*, as one number."""
    wanted = set(chosen)
    return sum(1 << index for index, name in enumerate(known) if name in wanted)


def _chosen(known: Iterable[str], bits: int) -> tuple[str, ...]:
    return tuple(name for index, name in enumerate(known) if bits >> index & 1)
