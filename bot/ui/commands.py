"""The slash commands and menus of a capability."""

from typing import Any, TypeAlias

from discord import app_commands

Subcommand: TypeAlias = "app_commands.Command[Any, ..., Any] | app_commands.Group"

AnyCommand: TypeAlias = "app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu"
