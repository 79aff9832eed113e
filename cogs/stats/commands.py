"""`/stats`: the figures of a period, and how fairly being on call is shared."""

from datetime import date
from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import BotError, UserError
from bot.domain.statistics.period import IsoWeek, Period, PeriodKind
from bot.i18n.translator import described
from bot.runbook.teams import DEFAULT_TEAM
from bot.ui.answers import Pressed, control
from bot.ui.choices import (
    ONLY_TEAM,
    TeamName,
    choices_of,
    offer_severities,
    offer_targets,
    offer_teams,
    severity_named,
    team_named,
)
from bot.ui.components import Screen
from bot.ui.interaction import Interaction, keep, person_from, redraw, reply, services_of, voice_of, wait
from bot.ui.pictures import as_files, drawn, trend_pictures
from cogs.stats.screens import (
    FAIRNESS,
    SHOW,
    SHOW_PERSON,
    asked_of,
    fairness_screen,
    period_said,
    stats_screen,
)
from cogs.stats.use_cases import StatisticsQuestion, StatsView, StatsViews

PeriodText = app_commands.Range[str, 1, 16]
Target = app_commands.Range[str, 1, 80]

_WEEKS: Final = 12
_CHARTS_WITHIN_S: Final = 15.0  # nothing waits for them

stats_group: Final = app_commands.guild_only(
    app_commands.Group(name="stats", description=locale_str("Figures of a period", key="commands.stats"))
)


@stats_group.command(
    name="show",
    description=locale_str(
        "Incidents, response times, deadlines and load, beside the period before", key="commands.stats_show"
    ),
)
@described(
    period=locale_str(
        "week, month, quarter, 2026-W47, 2026-11; this week if left out", key="commands.stats_period"
    ),
    severity=locale_str("Only this severity", key="commands.incident_only_severity"),
    team=ONLY_TEAM,
    target=locale_str("Only this target", key="commands.stats_target"),
    person=locale_str("Only what this person acknowledged", key="commands.stats_person"),
)
@app_commands.autocomplete(severity=offer_severities, target=offer_targets, team=offer_teams)
async def show(
    interaction: Interaction,
    period: PeriodText | None = None,
    severity: str | None = None,
    target: Target | None = None,
    person: discord.User | None = None,
    team: TeamName | None = None,
) -> None:
    """Show the figures to the person who asks alone."""
    await wait(interaction)
    policy = services_of(interaction).policy
    question = StatisticsQuestion(
        period=_period(period or PeriodKind.WEEK, today=await _today(interaction)),
        severity=None if severity is None else severity_named(policy, severity).name,
        target=target,
        person=None if person is None else person_from(person),
        team=None if team is None else team_named(policy, team) or DEFAULT_TEAM,
    )
    view = await _view(interaction, question)
    await reply(interaction, view=stats_screen(voice_of(interaction), view))
    await _add_charts(interaction, view)


@stats_group.command(
    name="fairness",
    description=locale_str(
        "Who carries how much on-call load, and which shifts to swap", key="commands.stats_fairness"
    ),
)
async def fairness(interaction: Interaction) -> None:
    """Compare the load of people over three months."""
    await wait(interaction)
    await reply(interaction, view=await _fairness(interaction))


@control(SHOW)
async def press_show(interaction: Interaction, pressed: Pressed) -> None:
    """[◀ 前へ] [次へ ▶]: show the figures of another period."""
    await _turn(interaction, pressed)


@control(SHOW_PERSON)
async def press_show_person(interaction: Interaction, pressed: Pressed) -> None:
    """[◀ 前へ] [次へ ▶]: show one person's figures of another period."""
    await _turn(interaction, pressed)


@control(FAIRNESS)
async def press_fairness(interaction: Interaction, _pressed: Pressed) -> None:
    """[当番の偏り]: compare people, beside the figures."""
    await wait(interaction)
    await reply(interaction, view=await _fairness(interaction))


@show.autocomplete("period")
async def _periods(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the current periods, then the last weeks and months; none while the time is not known."""
    try:
        today = await _today(interaction)
    except BotError:
        return []
    voice, current = voice_of(interaction), [Period.containing(today, kind) for kind in PeriodKind]
    weeks = [Period.of_week(IsoWeek.of(today).back(ago)) for ago in range(1, _WEEKS + 1)]
    earlier = [current[1].previous, current[1].previous.previous, current[2].previous]
    names = {str(period): period_said(voice, period) for period in (*current, *earlier, *weeks)}
    return choices_of(names, typed)


def _period(text: str, *, today: date) -> Period:
    try:
        return Period.parse(text, today=today)
    except ValueError:
        raise UserError("period_unreadable", value=text) from None


async def _today(interaction: Interaction) -> date:
    return (await services_of(interaction).of(StatsViews).now()).date()


async def _view(interaction: Interaction, question: StatisticsQuestion) -> StatsView:
    return await services_of(interaction).of(StatsViews).show(question, by=person_from(interaction.user))


async def _turn(interaction: Interaction, pressed: Pressed) -> None:
    await keep(interaction)
    period = _period(pressed.fields["period"], today=await _today(interaction))
    view = await _view(interaction, asked_of(period, pressed.fields))
    await redraw(interaction, stats_screen(voice_of(interaction), view), files=list)
    await _add_charts(interaction, view)


async def _add_charts(interaction: Interaction, view: StatsView) -> None:
    """Show the figures again with their charts, once these are drawn: the words do not wait for them."""
    voice = voice_of(interaction)
    charts = services_of(interaction).of(StatsViews).charts
    pictures = await drawn(charts, list(trend_pictures(voice, view.trend)), within_s=_CHARTS_WITHIN_S)
    if pictures:
        await redraw(interaction, stats_screen(voice, view, pictures), files=lambda: as_files(pictures))


async def _fairness(interaction: Interaction) -> Screen:
    stats = services_of(interaction).of(StatsViews)
    fairness = await stats.fairness(by=person_from(interaction.user))
    return fairness_screen(voice_of(interaction), fairness, now=await stats.now())
