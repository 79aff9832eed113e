"""`incident-bot postmortem`: the document of one incident, by the facts as they are now."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.outcome import ends_well
from bot.domain.errors import ConfigError, IncidentNotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bot.services.core import Core
    from cogs.postmortem.writing import WrittenPostmortem


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(epilog="Example: incident-bot postmortem 42 --out INC-42.md")(postmortem)


def postmortem(
    number: Annotated[int, typer.Argument(help="The INC number.", min=1, metavar="NUMBER")],
    *,
    out: Annotated[Path | None, typer.Option(help="The file to write; else it is printed.")] = None,
    private: Annotated[bool, typer.Option("--private", help="Write a private incident, too.")] = False,
) -> None:
    """Write the postmortem of an incident, with --out its picture as well; no running bot is needed."""
    with ends_well():
        from bot.cli.setup import load, require_on

        settings = load("discord_guild_id")
        from bot.cli.database import with_cores
        from bot.domain.incident.incident import label_of
        from bot.runbook import load_served

        served = load_served(settings.runbook_file, home=settings.discord_guild_id)

        async def write(core_of: "Callable[[int], Core]") -> "tuple[WrittenPostmortem, bytes | None]":
            core = await _core_of_incident(map(core_of, served.policies), number, private=private)
            require_on(core.policy, "postmortem", command="postmortem")
            return await _written(core, number, with_picture=out is not None)

        document, png = with_cores(settings, served, "postmortem", write)
        if out is None:
            typer.echo(document.text, nl=False)
            return
        try:
            out.write_text(document.text, encoding="utf-8")
            if document.picture is not None and png is not None:
                out.with_name(document.picture.filename).write_bytes(png)
        except OSError as error:
            raise ConfigError(f"--out: {out} cannot be written: {error.strerror}") from error
        typer.echo(f"{label_of(number)}: {out}")


async def _core_of_incident(cores: "Iterable[Core]", number: int, *, private: bool) -> "Core":
    """Return the core of the server that incident *number* is in.

    Args:
        private: A private incident is written, too: its words leave the place where they are guarded.

    Raises:
        ConfigError: there is no such incident in a server that the bot serves, or it is private.
    """
    from bot.domain.incident.incident import label_of
    from bot.storage.tables.incidents import IncidentRows

    for core in cores:
        try:
            incident = await IncidentRows(core.store.sql).incident(number)
        except IncidentNotFound:
            continue
        if incident.is_private and not private:
            raise ConfigError(f"{incident.label}: is private; allowed: with --private")
        return core
    raise ConfigError(f"{label_of(number)}: there is no such incident in a server that the bot serves")


async def _written(
    core: "Core", number: int, *, with_picture: bool
) -> "tuple[WrittenPostmortem, bytes | None]":
    """Return the document of incident *number* with its picture; nothing is stored or posted."""
    from cogs.postmortem.documents import read_facts, write_up
    from cogs.postmortem.use_cases import writer_of

    writer, facts = writer_of(core), await read_facts(core.store, core.policy, number)
    if with_picture:
        document, png = await write_up(writer, core.charts, facts)
    else:
        document, png = await writer.write(facts), None
    if document.problem is not None:
        typer.echo(f"postmortem.template: {document.problem}; the standard template was used", err=True)
    return document, png
