"""The commands: their names, options and help. What each does is in the module that it imports."""

# ruff: noqa: PLC0415 -- a command imports what it needs when it runs: `--help` must not wait for discord.py

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

from bot.capability import command_lines
from bot.cli.outcome import EXIT_OK, ends_well
from bot.cli.records import commands as record_commands
from bot.lean_imports import uncollected

DemoLanguage: TypeAlias = Literal["ja", "en"]

app = typer.Typer(
    name="incident-bot",
    help="An incident coordinator for teams that live in Discord.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_runbook = typer.Typer(help="Check or show the policy file.", no_args_is_help=True)
alerts = typer.Typer(help="Messages of monitors in watched channels.", no_args_is_help=True)
app.add_typer(_runbook, name="runbook")
record_commands.register(app)
app.add_typer(alerts, name="alerts")


@app.command(epilog="Example: incident-bot run")
def run(
    *,
    no_migrate: Annotated[
        bool,
        typer.Option("--no-migrate", help="Do not apply migrations; refuse to start when one is pending."),
    ] = False,
) -> None:
    """Run the bot until it is asked to stop. Needs DISCORD_TOKEN, and a guild."""
    with ends_well():
        with uncollected():
            from bot.cli.setup import load

            settings = load("discord_token", "discord_guild_id", quiet=False)
            from bot.runbook import load_served

            with ThreadPoolExecutor(max_workers=1) as beside:
                # It waits for another program, which works out the holidays, as long as an import takes.
                policies = beside.submit(load_served, settings.runbook_file, home=settings.discord_guild_id)
                from bot.app import run as run_bot
                from bot.capability import installed

                installed()
        policies.result()  # what is wrong with them; the bot loads them once more, which takes no time now
        run_bot(settings, migrate=not no_migrate)


@app.command(epilog="Example: incident-bot demo --tour")
def demo(
    *,
    tour: Annotated[bool, typer.Option("--tour", help="Play an incident from start to end.")] = False,
    open_page: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            help="Open the local Discord in the browser.",
            show_default="when started from a terminal",
        ),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Keep the database and the local Discord here; else they go.")
    ] = None,
    lang: Annotated[
        DemoLanguage | None,
        typer.Option(help="Its language; else that of RUNBOOK_FILE, or of LC_ALL or LANG, or ja."),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The page's, on 127.0.0.1; 0 takes a free one.")
    ] = 0,
) -> None:
    """Try it: a local Discord, a database, the bot and a past week. Needs nothing. Uses RUNBOOK_FILE."""
    if tour and lang == "en":
        raise typer.BadParameter("--tour is told in Japanese, with Parky's policy: leave out --lang")
    with ends_well():
        from bot.cli.setup import require_local_discord

        require_local_discord()
        from bot.demo.runner import run_demo
        from bot.demo.setup import set_up

        setup = set_up({} if tour else os.environ, lang=lang, port=port)
        wanted = sys.stdout.isatty() if open_page is None else open_page
        raise typer.Exit(run_demo(setup, tour=tour, data_dir=data_dir, open_page=wanted))


@app.command(epilog="Example: incident-bot sandbox --port 8080")
def sandbox(
    *,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print the address as one line of JSON.")] = False,
    state: Annotated[
        Path | None, typer.Option(help="Begin with this state; it is saved there at the end.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="One IDENTIFY in 5 s, as Discord insists.")
    ] = False,
) -> None:
    """Serve a local Discord on loopback until Ctrl-C."""
    with ends_well():
        from bot.cli.setup import require_local_discord

        require_local_discord()
        from local_discord.__main__ import main as serve

        flags = [name for name, wanted in (("--json", json), ("--strict", strict)) if wanted]
        state_file = [] if state is None else ["--state", str(state)]
        raise typer.Exit(
            serve(["--host", host, "--port", str(port), "--bot-name", "incident-bot", *flags, *state_file])
        )


@app.command(epilog="Example: incident-bot migrate")
def migrate() -> None:
    """Bring the database up to date. Several at once wait for each other."""
    with ends_well():
        from bot.cli.setup import load

        settings = load()
        from bot.cli.database import apply_migrations

        apply_migrations(settings)


@app.command("sync-commands", epilog="Example: incident-bot sync-commands")
def sync_commands() -> None:
    """Register the slash commands. Writes only when they differ from what the server has."""
    with ends_well():
        from bot.cli.setup import load

        settings = load("discord_token", "discord_guild_id")
        from bot.cli.sync import sync

        sync(settings)


@app.command(epilog="Example: incident-bot doctor --live --in bot-tests --press")
def doctor(  # noqa: PLR0913 -- its options
    *,
    test_dms: Annotated[
        bool, typer.Option("--test-dms", help="Send each person on call a test message as well.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Try on Discord itself what the bot relies on; needs --in.")
    ] = False,
    channel: Annotated[
        str | None, typer.Option("--in", help="Where --live posts its tests, and removes them.")
    ] = None,
    ring: Annotated[bool, typer.Option("--ring", help="One real @here and role ping.")] = False,
    press: Annotated[bool, typer.Option("--press", help="You are there to press what is posted.")] = False,
    outsider: Annotated[
        str | None, typer.Option(help="A member who does not see the channel, by username or id.")
    ] = None,
    nonce_window: Annotated[
        bool, typer.Option("--nonce-window", help="Measure how long a nonce is remembered: ten minutes.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write what --live saw into this file.")] = None,
) -> None:
    """Check everything it needs and say what to do. Changes nothing; --live removes what it posts."""
    if live != (channel is not None):
        raise typer.BadParameter("--live needs --in CHANNEL, and --in needs --live")
    if json is not None and not json.absolute().parent.is_dir():
        raise typer.BadParameter(f"--json: there is no folder {json.parent}")
    with ends_well():
        from bot.cli.doctor import examine

        code = examine(test_dms=test_dms)
        if channel is not None:
            from bot.cli.doctor import NONCE_MOMENTS_S, examine_live
            from bot.doctor.on_discord.trial import Options

            moments = NONCE_MOMENTS_S if nonce_window else ()
            options = Options(channel, ring, press, outsider, moments)
            code = max(code, examine_live(options, file=json))
        raise typer.Exit(code)


@app.command(epilog="Example: incident-bot jobs --port 8090")
def jobs(
    *,
    port: Annotated[int, typer.Option(min=1, max=65535, help="On 127.0.0.1.")] = 8090,
    allow_changes: Annotated[
        bool, typer.Option("--allow-changes", help="Let jobs be cancelled and queued again.")
    ] = False,
) -> None:
    """Look at the job queue in the browser. Read-only unless asked otherwise; this machine only."""
    with ends_well():
        from bot.cli.setup import load

        settings = load()
        from bot.cli.jobs import serve

        serve(settings, port=port, allow_changes=allow_changes)


@_runbook.command(epilog="Example: incident-bot runbook check our-policy.toml")
def check(
    file: Annotated[Path, typer.Argument(help="A policy file, or a folder of them.", metavar="FILE")],
) -> None:
    """Check a policy file, or all of a folder: one line per problem."""
    with ends_well():
        from bot.cli.runbook import check_file

        check_file(file)


@_runbook.command(epilog="Example: incident-bot runbook show > policy.toml")
def show(
    *,
    in_words: Annotated[
        bool, typer.Option("--in-words", help="What it promises: who is told what, where, and by when.")
    ] = False,
) -> None:
    """Print the policy file in use, comments included: without RUNBOOK_FILE Parky's, a start for your own."""
    with ends_well():
        from bot.cli.setup import load

        settings = load()
        from bot.cli.runbook import show_policy, show_source

        (show_policy if in_words else show_source)(settings.runbook_file)


@alerts.callback()
def _group() -> None:
    """Keep `try` a command of its own: a single command would take the place of its group."""


@alerts.command(name="try", epilog="Example: incident-bot alerts try message.json --channel p0-alerts")
def try_(
    file: Annotated[
        Path, typer.Argument(help="A message, as Discord's JSON has it; - is standard input.", metavar="FILE")
    ],
    *,
    channel: Annotated[
        str | None, typer.Option(help="Where it is posted; else the policy's first watched channel.")
    ] = None,
    database: Annotated[
        bool, typer.Option("--database", help="Ask the database as well what would become of it now.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
    lang: Annotated[
        Literal["ja", "en"] | None,
        typer.Option(help="Of the words; else that of LC_ALL or LANG, or of the policy."),
    ] = None,
) -> None:
    """Print what a monitor's message would do and why, without doing it. Exit code 1: it would do nothing."""
    with ends_well():
        from bot.cli.setup import load

        settings = load(*(["discord_guild_id"] if database else []))
        from bot.cli.alerts import try_message
        from bot.i18n.terminal import terminal_language

        language = lang or terminal_language(os.environ)
        code = try_message(
            settings, file, channel=channel, asks_database=database, as_json=as_json, language=language
        )
        raise typer.Exit(code)


for command_line in command_lines():
    command_line.register(app)


def main() -> None:
    """Run the command line and exit with its status."""
    sys.exit(app() or EXIT_OK)
