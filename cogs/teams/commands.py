"""`/incident team` and `/incident call`."""

from typing import Final

from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.translator import described
from bot.ui.choices import (
    NUMBER_OPTION,
    Number,
    TeamName,
    named,
    offer_incidents,
    offer_teams,
    team_named,
)
from bot.ui.interaction import Interaction, person_of, reply, services_of, voice_of, wait
from cogs.teams.posts import called_answer, handed_answer
from cogs.teams.use_cases import Teams

TEAM_OPTION: Final = locale_str("The team", key="commands.team_name")
Reason = app_commands.Range[str, 1, 200]


@app_commands.command(
    name="team",
    description=locale_str("Hand the incident over to another team", key="commands.incident_team"),
)
@described(
    team=TEAM_OPTION,
    reason=locale_str("Why", key="commands.team_reason"),
    number=NUMBER_OPTION,
)
@app_commands.autocomplete(number=offer_incidents)
@app_commands.autocomplete(team=offer_teams)
async def team(
    interaction: Interaction, team: TeamName, reason: Reason | None = None, number: Number | None = None
) -> None:
    """Hand the incident over."""
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    incident, to = await named(interaction, number), team_named(services.policy, team)
    handed = await services.of(Teams).hand_over(incident.id, to, by=by, reason=reason or "")
    await reply(interaction, handed_answer(voice_of(interaction), handed))


@app_commands.command(
    name="call",
    description=locale_str("Call another team's person on call to join", key="commands.incident_call"),
)
@described(team=TEAM_OPTION, number=NUMBER_OPTION)
@app_commands.autocomplete(number=offer_incidents)
@app_commands.autocomplete(team=offer_teams)
async def call(interaction: Interaction, team: TeamName, number: Number | None = None) -> None:
    """Call another team."""
    await wait(interaction)
    services, by = services_of(interaction), await person_of(interaction)
    incident, to = await named(interaction, number), team_named(services.policy, team)
    done = await services.of(Teams).call(incident.id, to, by=by)
    await reply(interaction, called_answer(voice_of(interaction), done))
