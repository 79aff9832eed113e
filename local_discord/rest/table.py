"""Every route of the API. Literal paths come before those with parameters in the same place."""

from local_discord.rest.resources import (
    application,
    audit,
    channels,
    commands,
    guild_channels,
    guilds,
    interactions,
    members,
    messages,
    overwrites,
    pins,
    reactions,
    roles,
    scheduled_events,
    soundboard,
    threads,
    users,
    voice,
    webhook_messages,
    webhooks,
)
from local_discord.rest.routing import Route

_MODULES = (
    *(users, application, guilds, members, voice, soundboard, roles, guild_channels, audit),
    scheduled_events,
    *(channels, overwrites, threads, messages, pins, reactions),
    *(commands, interactions, webhooks, webhook_messages),
)


def all_routes() -> list[Route]:
    """The routes, the most literal first, so that ``/users/@me`` wins over ``/users/{user_id}``."""
    found = [route for module in _MODULES for route in module.routes.routes]
    return sorted(found, key=lambda route: route.template.count("{"))
