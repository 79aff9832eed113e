"""Every route of the API. Literal paths come before those with parameters in the same place."""

from bot.sandbox.rest import (
    channels,
    commands,
    guilds,
    interactions,
    messages,
    reactions,
    threads,
    users,
    webhooks,
)
from bot.sandbox.rest.routing import Route

_MODULES = (users, guilds, threads, channels, messages, reactions, commands, interactions, webhooks)


def all_routes() -> list[Route]:
    """The routes, the most literal first, so that ``/users/@me`` wins over ``/users/{user_id}``."""
    found = [route for module in _MODULES for route in module.routes.routes]
    return sorted(found, key=lambda route: route.template.count("{"))
