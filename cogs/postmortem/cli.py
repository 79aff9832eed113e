"""`incident-bot postmortem`: its options and help. What it does is in `cogs.postmortem.printing`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.outcome import ends_well

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.services.core import Core


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(epilog="Example: incident-bot postmortem 42 --out INC-42.md")(postmortem)


def postmortem(
    number: Annotated[int, typer.Argument(help="The INC number.", min=1, metavar="NUMBER")],
    *,
    out: Annotated[Path | None, typer.Option(help="The file to write; else it is printed.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Write a private incident, too.")] = False,
) -> None:
    """Write the postmortem of an incident; no running bot is needed."""
    with ends_well():
        from bot.cli.setup import load, require_on

        settings = load("discord_guild_id")
        from bot.cli.database import with_cores
        from bot.runbook import load_served
        from cogs.postmortem.printing import core_of_incident, print_written, written

        served = load_served(settings.runbook_file, home=settings.discord_guild_id)

        async def write(core_of: "Callable[[int], Core]") -> str:
            core = await core_of_incident(map(core_of, served.policies), number, private=private)
            require_on(core.policy, "postmortem", command="postmortem")
            return await written(core, number)

        print_written(with_cores(settings, served, "postmortem", write), number, out=out)
