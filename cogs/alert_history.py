"""`/alerts recent | rules`: what the bot decided about recent alerts and why, and the rules it goes by."""

from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.alerts.decisions import AlertOutcome, DecisionCursor, DecisionFilter
from bot.domain.errors import UserError
from bot.i18n.translator import described
from bot.services.alerts.answers import LessonPage
from bot.ui.answers import Pressed, control
from bot.ui.choices import choices_of, offer_targets
from bot.ui.interaction import Interaction, keep, person_of, redraw, reply, services_of, voice_of, wait
from bot.ui.screens.alerts import (
    FORGET,
    PAGE,
    RULES_PAGE,
    decisions_screen,
    outcome_name,
    removed_said,
    rules_screen,
)

_OUTCOMES: Final = frozenset(AlertOutcome)

Target = app_commands.Range[str, 1, 80]
Word = app_commands.Range[str, 1, 40]

alerts_group: Final = app_commands.Group(
    name="alerts",
    description=locale_str("See what became of the alerts of monitors", key="commands.alerts"),
    guild_only=True,
)


async def offer_outcomes(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the outcomes, in words."""
    voice = voice_of(interaction)
    return choices_of({outcome.value: outcome_name(voice, outcome) for outcome in AlertOutcome}, typed)


@alerts_group.command(
    name="recent",
    description=locale_str("Why alerts became incidents or did not", key="commands.alerts_recent"),
)
@described(
    target=locale_str("Only alerts on this target", key="commands.alerts_target"),
    outcome=locale_str("Only those with this outcome", key="commands.alerts_outcome"),
)
@app_commands.autocomplete(target=offer_targets, outcome=offer_outcomes)
async def recent(interaction: Interaction, target: Target | None = None, outcome: Word | None = None) -> None:
    """Show the latest decisions."""
    await wait(interaction)
    if outcome is not None and outcome not in _OUTCOMES:
        raise UserError("outcome_unknown", value=outcome)
    await _show(interaction, DecisionFilter(target, None if outcome is None else AlertOutcome(outcome)))


@control(PAGE)
async def press_page(interaction: Interaction, pressed: Pressed) -> None:
    """[◀] [▶]: show the page that the button carries."""
    await keep(interaction)
    at = pressed.fields
    outcome = AlertOutcome(at["outcome"]) if at["outcome"] in _OUTCOMES else None
    cursor = DecisionCursor(int(at["said"]), int(at["nth"]), is_newer=at["way"] == "newer")
    services, by = services_of(interaction), await person_of(interaction)
    asked = DecisionFilter(at["target"] or None, outcome)
    page = await services.alert_history.page(services.guild_id, asked, cursor, by=by)
    await redraw(interaction, decisions_screen(voice_of(interaction), page))


async def _show(interaction: Interaction, asked: DecisionFilter) -> None:
    services, by = services_of(interaction), await person_of(interaction)
    page = await services.alert_history.page(services.guild_id, asked, by=by)
    await reply(interaction, view=decisions_screen(voice_of(interaction), page))


@alerts_group.command(
    name="rules",
    description=locale_str("See the rules about alerts, and remove taught ones", key="commands.alerts_rules"),
)
async def rules(interaction: Interaction) -> None:
    """Show what people have taught, and the policy's rules."""
    await wait(interaction)
    await reply(interaction, view=rules_screen(voice_of(interaction), await _lessons(interaction, 0)))


@control(RULES_PAGE)
async def press_rules(interaction: Interaction, pressed: Pressed) -> None:
    """[◀] [▶]: show the page of lessons that the button carries."""
    await keep(interaction)
    page = await _lessons(interaction, pressed.number)
    await redraw(interaction, rules_screen(voice_of(interaction), page))


@control(FORGET)
async def choose_lesson(interaction: Interaction, pressed: Pressed) -> None:
    """Remove the chosen lesson, and say so."""
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    lesson = await services.alert_answers.forget(int(pressed.chosen), guild_id=services.guild_id, by=by)
    await reply(interaction, removed_said(voice_of(interaction), lesson))


async def _lessons(interaction: Interaction, offset: int) -> LessonPage:
    services, by = services_of(interaction), await person_of(interaction)
    return await services.alert_answers.lessons(services.guild_id, offset=offset, by=by)


async def setup(bot: IncidentBot) -> None:
    bot.tree.add_command(alerts_group)
    bot.add_controls(press_page, press_rules, choose_lesson)
