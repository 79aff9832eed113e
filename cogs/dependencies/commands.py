"""[別の障害として出す] below the line in an incident's thread: a held alert becomes one of its own."""

from bot.ui.answers import Pressed, control
from bot.ui.interaction import Interaction, person_of, reply, services_of, voice_of, wait
from cogs.dependencies.posts import APART
from cogs.dependencies.use_cases import DependentAlerts


@control(APART)
async def choose_apart(interaction: Interaction, pressed: Pressed) -> None:
    """Track the chosen alert by itself, and say so."""
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    opened = await services.of(DependentAlerts).track_apart(
        pressed.number, pressed.chosen, guild_id=services.guild_id, by=by
    )
    await reply(interaction, voice_of(interaction).say("dependencies.tracked", label=opened.label))
