"""`/incident list`, `show` and `audit`, and [なぜ私に?]: what people look up."""

from dataclasses import replace
from functools import partial
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.audit import AuditQuestion
from bot.domain.errors import UserError
from bot.domain.incident.incident import OPEN, Status
from bot.domain.text import one_line
from bot.i18n.translator import described
from bot.runbook.teams import DEFAULT_TEAM
from bot.ui.answers import Pressed, control
from bot.ui.buttons import IncidentVerb, template
from bot.ui.choices import (
    NUMBER_OPTION,
    ONLY_TEAM,
    Number,
    TeamName,
    named_or_here,
    offer_incidents,
    offer_severities,
    offer_teams,
    severity_named,
    team_named,
)
from bot.ui.components import Screen
from bot.ui.interaction import (
    Interaction,
    keep,
    person_from,
    person_of,
    redraw,
    reply,
    services_of,
    voice_of,
    wait,
)
from bot.ui.screens import audit as audit_page
from bot.ui.screens.audit import audit_screen, question_of
from bot.ui.screens.incident_answers import quit_screen
from bot.ui.screens.incident_console import show_screen
from bot.ui.screens.incident_list import (
    ANY,
    DAYS_LIMIT,
    PAGE,
    PAGE_SIZE,
    WORDS_LIMIT,
    IncidentListQuestion,
    list_screen,
    which_screen,
)
from bot.ui.screens.other_actions import others_screen
from bot.ui.screens.why_me import why_said
from cogs.incidents.group import incident_group


def register(bot: IncidentBot) -> None:
    bot.add_controls(turn_page, open_chosen, press_view, press_quit, turn_audit_page, press_why)
    bot.add_controls(press_others, choose_more)


STATUSES: Final = [
    Choice(name=locale_str("Open", key="commands.status_open"), value="open"),
    Choice(name=locale_str("Unacknowledged", key="commands.status_triggered"), value="triggered"),
    Choice(name=locale_str("In progress", key="commands.status_acknowledged"), value="acknowledged"),
    Choice(name=locale_str("Ended", key="commands.status_ended"), value="ended"),
    Choice(name=locale_str("Resolved", key="commands.status_resolved"), value="resolved"),
    Choice(name=locale_str("Cancelled", key="commands.status_cancelled"), value="cancelled"),
    Choice(name=locale_str("Merged", key="commands.status_merged"), value="merged"),
]

Words = app_commands.Range[str, 1, WORDS_LIMIT]
Days = app_commands.Range[int, 1, DAYS_LIMIT]


@incident_group.command(name="list", description=locale_str("List incidents", key="commands.incident_list"))
@described(
    status=locale_str("Only this state", key="commands.incident_status"),
    severity=locale_str("Only this severity", key="commands.incident_only_severity"),
    team=ONLY_TEAM,
    words=locale_str("A part of the title", key="commands.incident_words"),
    mine=locale_str("Only incidents that you are involved in", key="commands.incident_mine"),
    days=locale_str("How many days back", key="commands.incident_days"),
)
@app_commands.choices(status=STATUSES)
@app_commands.autocomplete(severity=offer_severities, team=offer_teams)
async def list_(  # noqa: PLR0913, PLR0917  # the options of the command
    interaction: Interaction,
    status: Choice[str] | None = None,
    severity: str | None = None,
    words: Words | None = None,
    mine: bool = False,  # noqa: FBT001, FBT002  # an option of the command
    days: Days | None = None,
    team: TeamName | None = None,
) -> None:
    """Open ones first, each newest first."""
    await wait(interaction)
    policy = services_of(interaction).policy
    query = IncidentListQuestion(
        which=status.value if status else ANY,
        severity=None if severity is None else severity_named(policy, severity).name,
        mine=mine,
        days=days or 0,
        words=one_line(words or "", limit=WORDS_LIMIT),
        team="" if team is None else team_named(policy, team) or DEFAULT_TEAM,
    )
    await reply(interaction, view=await _list(interaction, query))


@incident_group.command(
    name="show",
    description=locale_str("State, deadlines and what is due next", key="commands.incident_show"),
)
@described(number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
async def show(interaction: Interaction, number: Number | None = None) -> None:
    """Show one incident: the named one, else the one of this thread, else a choice of the open ones."""
    await wait(interaction)
    incident = await named_or_here(interaction, number)
    if incident is not None:
        await _show(interaction, incident.id)
        return
    by = person_from(interaction.user)
    services = services_of(interaction)
    open_ones = await services.looking.open_ones(services.guild_id, by=by)
    await reply(interaction, view=which_screen(voice_of(interaction), open_ones))


@control(PAGE)
async def turn_page(interaction: Interaction, pressed: Pressed) -> None:
    """[◀ 前のページ] [次のページ ▶]: turn the page."""
    await keep(interaction)
    await redraw(interaction, await _list(interaction, IncidentListQuestion.of(pressed.fields)))


@control(r"inc:v1:open")
async def open_chosen(interaction: Interaction, pressed: Pressed) -> None:
    """Show the incident that was chosen from the list, beside the list."""
    await wait(interaction)
    if not pressed.chosen.isdigit():
        raise UserError("control_outdated")
    await _show(interaction, int(pressed.chosen))


@control(template(IncidentVerb.VIEW))
async def press_view(interaction: Interaction, pressed: Pressed) -> None:
    """[🔎 合流先を見る]: show the incident as `/incident show` does."""
    await wait(interaction)
    await _show(interaction, pressed.number)


@control(template(IncidentVerb.OTHERS))
async def press_others(interaction: Interaction, pressed: Pressed) -> None:
    """[その他…]: show everything else that the person can do."""
    await _show_others(interaction, pressed.number)


@control(r"inc:v1:more:(?P<number>\d{1,18})")
async def choose_more(interaction: Interaction, pressed: Pressed) -> None:
    """ほかの操作, a select of older versions: show the same."""
    await _show_others(interaction, pressed.number)


async def _show_others(interaction: Interaction, number: int) -> None:
    await wait(interaction)
    looking, by = services_of(interaction).looking, await person_of(interaction)
    offered = await looking.offered_actions(number, by=by)
    await reply(interaction, view=others_screen(voice_of(interaction), offered))


@control(r"ui:v1:quit")
async def press_quit(interaction: Interaction, _pressed: Pressed) -> None:
    """[やめる] of any question: change nothing, and say so in place of the question."""
    await redraw(interaction, quit_screen(voice_of(interaction)))


async def _list(interaction: Interaction, query: IncidentListQuestion) -> discord.ui.LayoutView:
    by, services = person_from(interaction.user), services_of(interaction)
    page = partial(services.looking.page, services.guild_id, by=by)
    wanted = query.wanted(by=by.id, now=interaction.created_at)
    open_count = 0
    if query.page and query.is_everything:
        open_count = len(await page(replace(wanted, statuses=OPEN), limit=PAGE_SIZE))
    incidents = await page(wanted, limit=PAGE_SIZE + 1, offset=query.offset(open_count))
    first = next((one for one in incidents if one.status is Status.TRIGGERED), None)
    may_ack = services.access.allows(by, "acknowledge", about=first)
    return list_screen(voice_of(interaction), incidents, query, may_ack=may_ack)


async def _show(interaction: Interaction, number: int) -> None:
    view = await services_of(interaction).looking.view(number, by=await person_of(interaction))
    await reply(interaction, view=show_screen(voice_of(interaction), view))


@incident_group.command(
    name="audit", description=locale_str("Who did what, when, refused or not", key="commands.incident_audit")
)
@described(
    number=locale_str("Only about this incident", key="commands.incident_audit_number"),
    refused=locale_str("Only what was refused", key="commands.incident_audit_refused"),
)
@app_commands.autocomplete(number=offer_incidents)
async def audit(
    interaction: Interaction,
    number: Number | None = None,
    refused: bool = False,  # noqa: FBT001, FBT002  # an option of the command
) -> None:
    """Show the latest rows of the audit log."""
    await wait(interaction)
    await reply(interaction, view=await _audit_page(interaction, AuditQuestion(number, refused=refused)))


@control(audit_page.PAGE)
async def turn_audit_page(interaction: Interaction, pressed: Pressed) -> None:
    """[次のページ ▶]: show older rows."""
    await keep(interaction)
    await redraw(interaction, await _audit_page(interaction, question_of(pressed.fields)))


async def _audit_page(interaction: Interaction, question: AuditQuestion) -> Screen:
    services, by = services_of(interaction), await person_of(interaction)
    page = await services.auditing.page(question, by=by, guild_id=services.guild_id)
    return audit_screen(voice_of(interaction), page)


@control(template(IncidentVerb.WHY))
async def press_why(interaction: Interaction, pressed: Pressed) -> None:
    """[なぜ私に?]: say why this came to the person who asks, as of the time of the call."""
    message = interaction.message
    await answer_why(interaction, pressed.number, message_id=None if message is None else message.id)


async def answer_why(interaction: Interaction, number: int, *, message_id: int | None = None) -> None:
    """Explain the page or escalation with this *message_id*; without one, the latest."""
    await wait(interaction)
    by, explaining = await person_of(interaction), services_of(interaction).explaining
    why = await explaining.why(number, by=by, message_id=message_id)
    await reply(interaction, why_said(voice_of(interaction), why))
