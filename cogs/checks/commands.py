"""`/check` and [🔄 もう一度確認]: the state of every system, side by side."""

from dataclasses import replace

from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.domain.errors import UserError
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.buttons import template
from bot.ui.choices import here, named_choices
from bot.ui.interaction import (
    Interaction,
    fill_in,
    person_from,
    person_of,
    reply,
    services_of,
    voice_of,
    wait,
)
from cogs.checks.posts import CHECK
from cogs.checks.posts import text as checks_text
from cogs.checks.rules import CheckRules
from cogs.checks.systems import results_in_steps
from cogs.checks.use_cases import CheckUseCases

Target = app_commands.Range[str, 1, 80]


@app_commands.command(
    name="check", description=locale_str("Check the state of every system now", key="commands.check")
)
@described(target=locale_str("Only this target, with what all targets share", key="commands.check_target"))
@app_commands.guild_only()
async def check(interaction: Interaction, target: Target | None = None) -> None:
    """Check about the incident of this thread, in the thread; elsewhere show it to the person alone."""
    await wait(interaction)
    known = services_of(interaction).policy.of(CheckRules).http
    if target is not None and target not in known:
        raise UserError("check_unknown_target", target=target, known=list(known) or "–")
    incident = await here(interaction)
    if incident is None:
        await _show_alone(interaction, target)
        return
    rounds, by = services_of(interaction).of(CheckUseCases).rounds, person_from(interaction.user)
    asked = await rounds.ask(incident, by=by, target=target)
    await reply(interaction, voice_of(interaction).say("systems.said.asked", label=asked.label))


@check.autocomplete("target")
async def offer_targets(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Offer the targets that are asked by HTTP."""
    return named_choices(services_of(interaction).policy.of(CheckRules).http, typed)


@control(template(CHECK))
async def press_check(interaction: Interaction, pressed: Pressed) -> None:
    """[🔄 もう一度確認]: check again, in the message of the last time."""
    await wait(interaction)
    by = await person_of(interaction)
    await services_of(interaction).of(CheckUseCases).rounds.again(pressed.number, by=by)
    await reply(interaction, voice_of(interaction).say("systems.said.again"))


async def _show_alone(interaction: Interaction, target: str | None) -> None:
    """Show the results to the person who asks; the answer fills in like the message in a thread."""
    services, voice = services_of(interaction), voice_of(interaction)
    rounds, by = services.of(CheckUseCases).rounds, person_from(interaction.user)
    await rounds.permit(by=by, guild_id=services.guild_id)
    checks = await rounds.checks_of([] if target is None else [target])
    shown = rounds.beginning(checks)
    async for results in results_in_steps(checks):
        shown = shown.with_results(results)
        if len(shown.results) < shown.systems:
            await fill_in(interaction, checks_text(voice, shown))
    await fill_in(interaction, checks_text(voice, replace(shown, finished_at=interaction.created_at)))
