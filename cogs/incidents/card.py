"""`/incident assign`, and the thread's card: [🧭 指揮する] [💬 広報する] [✍️ 記録する] [🙅 降りる], steps."""

from typing import Final

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import IncidentBot
from bot.domain.errors import UserError
from bot.domain.incident.incident import Role
from bot.i18n.translator import described
from bot.ui.answers import Pressed, control
from bot.ui.buttons import IncidentVerb
from bot.ui.choices import NUMBER_OPTION, Number, named
from bot.ui.components import Screen, text
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
from bot.ui.posts.incident.roles import VERBS, given, released, taken_screen
from bot.ui.posts.incident.thread import STEPS, checked, pick_of
from cogs.incidents.group import incident_group, offer_open

ROLES: Final = [
    Choice(name=locale_str("Commander", key="commands.role_commander"), value="commander"),
    Choice(name=locale_str("Communicator", key="commands.role_communicator"), value="communicator"),
    Choice(name=locale_str("Scribe", key="commands.role_scribe"), value="scribe"),
]

_VERBS = "|".join(VERBS)
_ROLES = "|".join(Role)


def register(bot: IncidentBot) -> None:
    bot.add_controls(press_role, press_step_down, choose_steps)


@incident_group.command(
    name="assign",
    description=locale_str("Take a role, or assign it", key="commands.incident_assign"),
)
@described(
    role=locale_str("Which role", key="commands.incident_role"),
    user=locale_str("Who; you, if left out", key="commands.incident_user"),
    release=locale_str("Leave the role unassigned", key="commands.incident_release"),
    number=NUMBER_OPTION,
)
@app_commands.choices(role=ROLES)
@app_commands.autocomplete(number=offer_open)
async def assign(
    interaction: Interaction,
    role: Choice[str],
    user: discord.User | None = None,
    release: bool = False,  # noqa: FBT001, FBT002  # an option of the command
    number: Number | None = None,
) -> None:
    """Take a role, give it to another person, or leave it vacant."""
    await wait(interaction)
    voice, roles = voice_of(interaction), services_of(interaction).roles
    incident, by, wanted = await named(interaction, number), person_from(interaction.user), Role(role.value)
    if release:
        holder_id = None if user is None else user.id
        result = await roles.release(incident.id, wanted, by=by, holder_id=holder_id)
        await reply(interaction, released(voice, result))
    elif user is None or user.id == by.id:
        await reply(interaction, view=taken_screen(voice, await roles.take(incident.id, wanted, by=by)))
    else:
        if not isinstance(user, discord.Member):  # Discord also offers people who have left
            raise UserError("role_not_member", who=user.display_name)
        result = await roles.give(incident.id, wanted, to=person_from(user), by=by)
        await reply(interaction, given(voice, result))


@control(rf"inc:v1:(?P<verb>{_VERBS}):(?P<number>\d{{1,18}})")
async def press_role(interaction: Interaction, pressed: Pressed) -> None:
    """[🧭 指揮する] [💬 広報する] [✍️ 記録する]: take the role, even from another holder."""
    await wait(interaction)
    role = VERBS[IncidentVerb(pressed.fields["verb"])]
    by = await person_of(interaction)
    result = await services_of(interaction).roles.take(pressed.number, role, by=by)
    await reply(interaction, view=taken_screen(voice_of(interaction), result))


@control(rf"inc:v1:release:(?P<role>{_ROLES}):(?P<number>\d{{1,18}})")
async def press_step_down(interaction: Interaction, pressed: Pressed) -> None:
    """[🙅 降りる], under the answer: release the role, if the person still holds it."""
    await keep(interaction)
    by, role = await person_of(interaction), Role(pressed.fields["role"])
    roles, voice = services_of(interaction).roles, voice_of(interaction)
    result = await roles.release(pressed.number, role, by=by, holder_id=by.id)
    await redraw(interaction, Screen(text(released(voice, result))))


@control(STEPS)
async def choose_steps(interaction: Interaction, pressed: Pressed) -> None:
    """完了した手順を選ぶ: mark the chosen steps as done and the removed ones as open; the card is updated."""
    await wait(interaction)
    by = await person_of(interaction)
    pick = pick_of(pressed.fields, pressed.values)
    result = await services_of(interaction).checklists.choose(pressed.number, pick, by=by)
    await reply(interaction, checked(voice_of(interaction), result))
