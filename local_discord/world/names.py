"""Finds what a person means by a name. Every look-up also takes an id."""

from local_discord.world.message import Message
from local_discord.world.world import Channel, Role, User, World


class NoSuchName(LookupError):
    """Nothing of that name or id exists."""


def find_user(world: World, text: str) -> User:
    """A user by id or username (a leading ``@`` is fine)."""
    name = text.removeprefix("@")
    for user in world.users.values():
        if name in (user.id, user.username):
            return user
    raise NoSuchName(
        f"unknown user {text!r}; users: {sorted(user.username for user in world.users.values())}"
    )


def find_role(world: World, text: str) -> Role:
    """A role by id or name."""
    for role in world.roles.values():
        if text in (role.id, role.name):
            return role
    raise NoSuchName(f"unknown role {text!r}; roles: {sorted(role.name for role in world.roles.values())}")


def find_channel(world: World, text: str) -> Channel:
    """A channel or thread by id or name (a leading ``#`` is fine), or ``dm:USER``.

    Of several threads with one name the newest is meant.
    """
    if text.startswith("dm:"):
        user = find_user(world, text.removeprefix("dm:"))
        if dm := world.dm_with(user.id):
            return dm
        raise NoSuchName(f"the bot and {user.username} have no direct messages yet")
    name = text.removeprefix("#")
    if found := world.channels.get(name):
        return found
    matches = [channel for channel in world.channels.values() if channel.name == name]
    if not matches:
        known = sorted(channel.name for channel in world.channels.values() if channel.name)
        raise NoSuchName(f"unknown channel {text!r}; channels: {known}")
    return max(matches, key=lambda channel: (not channel.is_thread, int(channel.id)))


def find_message(world: World, message_id: str, user_id: str) -> Message:
    """A message by id, wherever it is; an ephemeral one only for the user who sees it."""
    for messages in world.messages.values():
        found = messages.get(message_id)
        if found and found.ephemeral_to in (None, user_id):
            return found
    raise NoSuchName(f"unknown message {message_id!r}")
