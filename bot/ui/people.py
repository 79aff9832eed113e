"""Discord's members as the domain knows them."""

from typing import Any

import discord

from bot.domain.errors import UpstreamUnavailable, UserError
from bot.domain.people import Person
from bot.ui.interaction import Interaction, host_of, services_of


def person_from(user: discord.User | discord.Member) -> Person:
    """Return the person who acts, with the roles that the payload has; a user from a DM has none."""
    if not isinstance(user, discord.Member):
        return Person(id=user.id, name=user.display_name, is_bot=user.bot, username=user.name)
    # The interaction's own permissions where there are any: they need no cached channel or role.
    permissions = user.resolved_permissions or user.guild_permissions
    return Person(
        id=user.id,
        name=user.display_name,
        roles=frozenset(known for role in user.roles for known in (role.name, str(role.id))),
        is_admin=permissions.administrator,
        is_bot=user.bot,
        username=user.name,
    )


async def person_of(interaction: Interaction) -> Person:
    """Return the person who pressed or typed. In a DM this reads their roles from the server: defer first.

    Raises:
        UpstreamUnavailable: Discord could not be asked.
    """
    if interaction.guild_id is not None:
        return person_from(interaction.user)
    guild_id = await host_of(interaction).guild_of(interaction)
    return await member_person(interaction.client, user=interaction.user, guild_id=guild_id)


async def member_person(
    client: discord.Client, *, user: discord.User | discord.Member | discord.Object, guild_id: int
) -> Person:
    """Return *user* with their roles in the server, asked for by REST: the member cache is not kept.

    Raises:
        UpstreamUnavailable: Discord could not be asked.
    """
    try:
        guild = client.get_guild(guild_id) or await client.fetch_guild(guild_id)
        return person_from(await guild.fetch_member(user.id))
    except discord.NotFound:
        # Left the server, or it was never theirs: a person without a role.
        return Person(id=user.id, name=getattr(user, "display_name", str(user.id)))
    except discord.HTTPException as error:
        raise UpstreamUnavailable("member not readable", http_status=error.status) from error


async def chosen_owner(interaction: Interaction, user_id: int | None) -> Person | None:
    """Return the owner chosen in a form, who must be a member: Discord also offers those who have left.

    Raises:
        UserError: they are no member. UpstreamUnavailable: Discord could not be asked.
    """
    data: Any = interaction.data or {}
    resolved = data.get("resolved", {})
    chosen = resolved.get("users", {}).get(str(user_id))
    if chosen is not None and str(user_id) not in resolved.get("members", {}):
        raise UserError("owner_not_member", who=chosen.get("username"))
    return await person_named(interaction, user_id)


async def person_named(interaction: Interaction, user_id: int | None) -> Person | None:
    """Return a person with their roles, which decide what they may see; None if there is no id.

    Raises:
        UpstreamUnavailable: Discord could not be asked.
    """
    if user_id is None:
        return None
    if user_id == interaction.user.id:
        return await person_of(interaction)
    guild_id = services_of(interaction).guild_id
    return await member_person(interaction.client, user=discord.Object(user_id), guild_id=guild_id)
