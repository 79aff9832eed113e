"""The commands for records: `export`, `import`, `incidents` and `audit`."""

# ruff: noqa: PLC0415 -- a command imports what it needs when it runs: `--help` must not wait for discord.py

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from bot.cli.outcome import ends_well

if TYPE_CHECKING:
    from bot.settings import Settings
    from bot.storage.records.store import RecordsFilter

Form: TypeAlias = Literal["json", "csv", "md"]
First: TypeAlias = Annotated[
    str | None, typer.Option("--from", help="Triggered on this day or later: 2026-11-01.")
]
Last: TypeAlias = Annotated[str | None, typer.Option("--to", help="Triggered on this day or earlier.")]
Lang: TypeAlias = Annotated[
    Literal["ja", "en"] | None,
    typer.Option(help="The language of the words; else that of LC_ALL or LANG, or of the server's policy."),
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="An object a line, for programs.")]

incidents = typer.Typer(help="List incidents, or show one.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example: incident-bot export --from 2026-01-01 --out 2026.json")(export)
    app.command(name="import", epilog="Example: incident-bot import 2026.json")(import_)
    app.command(epilog="Example: incident-bot audit --incident 42")(audit)
    app.add_typer(incidents, name="incidents")


def export(
    *,
    first: First = None,
    last: Last = None,
    form: Annotated[Form, typer.Option("--format", help="Only json can be imported.")] = "json",
    private: Annotated[bool, typer.Option("--private", help="Private incidents as well.")] = False,
    out: Annotated[Path | None, typer.Option(help="A new file, for you alone; else stdout.")] = None,
) -> None:
    """Write everything about incidents: as JSON, as a table, or to read."""
    with ends_well():
        settings, choice = _choice(first, last, private=private)
        from bot.cli.records import listing, transfer

        match form:
            case "json":
                transfer.export_records(settings, choice, out)
            case "csv":
                listing.export_csv(settings, choice, out)
            case "md":
                listing.export_markdown(settings, choice, out)


def import_(file: Annotated[Path, typer.Argument(help="Of `export --format json`.", metavar="FILE")]) -> None:
    """Read an export into an empty database, before a bot runs on it."""
    with ends_well():
        from bot.cli.records.transfer import import_records
        from bot.cli.setup import load

        import_records(load(), file)


@incidents.command(name="list", epilog="Example: incident-bot incidents list --open")
def list_(
    *,
    is_open: Annotated[bool, typer.Option("--open", help="Only those that go on.")] = False,
    first: First = None,
    last: Last = None,
    as_json: AsJson = False,
) -> None:
    """List incidents, private ones included, the oldest first."""
    with ends_well():
        settings, choice = _choice(first, last, private=True)
        from bot.cli.records.listing import list_incidents

        list_incidents(settings, choice, is_open=is_open, as_json=as_json)


@incidents.command(epilog="Example: incident-bot incidents show 42")
def show(
    number: Annotated[int, typer.Argument(help="42 of INC-42.")],
    *,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Show an incident with its timeline."""
    with ends_well():
        from bot.cli.setup import load

        settings = load("discord_guild_id")
        from bot.cli.records.listing import show_incident
        from bot.i18n.terminal import terminal_language

        show_incident(settings, number, as_json=as_json, lang=lang or terminal_language(os.environ))


def audit(
    *,
    incident: Annotated[int | None, typer.Option(help="Only about this one: 42 of INC-42.")] = None,
    since: Annotated[str | None, typer.Option(help="7d, 12h, or a day: 2026-11-01.")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only what was refused.")] = False,
    lang: Lang = None,
    as_json: AsJson = False,
) -> None:
    """Print who did what, when, refused or not: the latest first."""
    with ends_well():
        from bot.cli.setup import load

        settings = load("discord_guild_id")
        from bot.cli.records.listing import print_audit
        from bot.domain.audit import AuditQuestion
        from bot.i18n.terminal import terminal_language

        question = AuditQuestion(
            incident, None if since is None else _since(settings, since), refused=refused
        )
        print_audit(settings, question, as_json=as_json, lang=lang or terminal_language(os.environ))


def _choice(first: str | None, last: str | None, *, private: bool) -> "tuple[Settings, RecordsFilter]":
    """Return the settings, and the chosen incidents: days are counted in the team's time zone.

    Raises:
        ConfigError: a day is none, or the last one is before the first.
    """
    from bot.cli.setup import load

    settings = load("discord_guild_id")
    from bot.domain.errors import ConfigError
    from bot.storage.records.store import RecordsFilter

    since = None if first is None else _day(settings, first, "--from")
    until = None if last is None else _day(settings, last, "--to") + timedelta(days=1)
    if since is not None and until is not None and until <= since:
        raise ConfigError(f"--to: {last} is before --from, {first}")
    return settings, RecordsFilter(since, until, private)


def _day(settings: "Settings", text: str, option: str) -> datetime:
    """Return the beginning of a day in the time zone of the first server's policy.

    Raises:
        ConfigError: it is no day.
    """
    from bot.domain.errors import ConfigError
    from bot.runbook import load_served

    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    zone = next(iter(served.policies.values())).timezone
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is no day; write for example 2026-11-01") from None


def _since(settings: "Settings", text: str) -> datetime:
    """Return the time that a duration before now, or a day, means.

    Raises:
        ConfigError: it is neither.
    """
    from bot.domain.calendar.typed_times import parse_duration

    try:
        return datetime.now(UTC) - parse_duration(text)
    except ValueError:
        return _day(settings, text, "--since")
