"""The use cases, put together from the parts that they are given: one set of them per guild."""

from bot.wiring.dependencies import DiscordPorts, GuildDependencies
from bot.wiring.guild import UseCases, wire
from bot.wiring.shared import unreached_core

__all__ = ["DiscordPorts", "GuildDependencies", "UseCases", "unreached_core", "wire"]
