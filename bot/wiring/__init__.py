"""The use cases, put together from the parts that they are given: one set of them per guild."""

from bot.services.core import GuildDependencies
from bot.wiring.guild import UseCases, wire

__all__ = ["GuildDependencies", "UseCases", "wire"]
