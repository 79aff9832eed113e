"""`/alerts recent`: what the bot decided about recent alerts, and why."""

from typing import Final

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.alerts.decisions import AlertOutcome, DecisionCursor, DecisionFilter
from bot.domain.errors import UserError
from bot.i18n.options import described
from bot.ui.answers import Pressed, control
from bot.ui.choices import choices_of, offer_targets
from bot.ui.interaction import Interaction, keep, redraw, reply, services_of, voice_of, wait
from bot.ui.people import person_of
from bot.ui.screens.alerts.decisions import PAGE, decisions_screen, outcome_name

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


async def setup(bot: IncidentBot) -> None:
    bot.tree.add_command(alerts_group)
    bot.add_controls(press_page)
