"""`/incident snooze`."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.domain.oncall.moments import parse_later
from bot.i18n.translator import described
from bot.ui.choices import NUMBER_OPTION, Number, named, offer_incidents
from bot.ui.interaction import Interaction, person_of, reply, services_of, voice_of, wait
from cogs.snooze.posts import snoozed_answer
from cogs.snooze.use_cases import Snoozing

Moment = app_commands.Range[str, 1, 60]


@app_commands.command(
    name="snooze",
    description=locale_str("Have an acknowledged incident ask again later", key="commands.incident_snooze"),
)
@described(
    until=locale_str("Until when: 18:00, 2h, 11/24 10:00", key="commands.snooze_until"), number=NUMBER_OPTION
)
@app_commands.autocomplete(number=offer_incidents)
async def snooze(interaction: Interaction, until: Moment, number: Number | None = None) -> None:
    """Put the incident to rest."""
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    incident, snoozing = await named(interaction, number), services.of(Snoozing)
    now = (await snoozing.now()).astimezone(services.policy.timezone)
    snoozed = await snoozing.snooze(incident.id, until=parse_later(until, now=now), by=by)
    await reply(interaction, snoozed_answer(voice_of(interaction), incident, snoozed))
