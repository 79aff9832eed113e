"""What people can do in Discord, as the code has it, beside the table of what changes something."""

from collections.abc import AsyncIterator

import discord
import pytest
from discord import app_commands

from bot.client import IncidentBot
from bot.ui.answers import Control, FormHandler
from tests.faults.changes.everything import CHANGES, READS, SHARED, is_there
from tests.services.database import unreachable
from tests.services.desk import Desk
from tests.unit.test_client import TEXTS


class Listing(IncidentBot):
    """A client that lists its controls and forms.

    Attributes:
        names: By module and name, without the folder.
    """

    def __init__(self) -> None:
        super().__init__(texts=TEXTS, guilds=lambda _client: Desk(unreachable()).guilds)
        self.names: list[str] = []

    def add_controls(self, *controls: Control) -> None:
        super().add_controls(*controls)
        self.names += [_name(control.handler) for control in controls]

    def add_form(self, template: str, handler: FormHandler) -> None:
        super().add_form(template, handler)
        self.names.append(_name(handler))

    def everything(self) -> list[str]:
        """The commands and menus, too."""
        found = [*self.tree.walk_commands(), *self.tree.get_commands(type=discord.AppCommandType.message)]
        for services in self.served:
            found += self.tree.get_commands(guild=discord.Object(services.guild_id))
        shown = [one for one in found if not isinstance(one, app_commands.Group)]
        return [*self.names, *(f"/{one.qualified_name}" for one in shown)]


@pytest.fixture
async def everything() -> AsyncIterator[list[str]]:
    """All that people can do."""
    bot = Listing()
    await bot.setup_hook()
    yield bot.everything()
    await bot.close()


async def test_each_command_button_select_and_form_is_known_to_change_something_or_not(
    everything: list[str],
) -> None:
    """`tests/faults/changes/catalogue.py` lists each command, button, select and form exactly once."""
    known = [name for name in (*CHANGES, *READS, *SHARED) if is_there(name)]
    assert set(everything) ^ set(known) == set()
    assert len(known) == len(set(known))
    assert {of for of in SHARED.values() if is_there(of)} <= set(CHANGES)


def _name(made: object) -> str:
    return f"{made.__module__.removeprefix('cogs.')}.{made.__name__}"  # type: ignore[attr-defined]
