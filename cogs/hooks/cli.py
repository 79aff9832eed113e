"""`incident-bot hooks`: its options and help. What it does is in `cogs.hooks.trying`."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from bot.cli.outcome import EXIT_FOUND, EXIT_OK, ends_well
from bot.domain.errors import ConfigError
from cogs.hooks.rules import HookRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.alerts.events import AlertEvent, AlertSender
    from bot.runbook import Policy
    from bot.services.alerts.opening import Decided
    from bot.services.core import Core
    from bot.settings import Settings

_STDIN: Final = Path("-")

hooks = typer.Typer(help="Alerts that other systems report by HTTP.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    app.add_typer(hooks, name="hooks")


@hooks.callback()
def _group() -> None:
    """Keep `try` a command of its own: a single command would take the place of its group."""


@hooks.command(name="try", epilog="Example: incident-bot hooks try alert.json --source sentry")
def try_(  # noqa: PLR0913 -- its options
    file: Annotated[Path, typer.Argument(help="The body of a request; - is standard input.", metavar="FILE")],
    *,
    source: Annotated[str, typer.Option(help="As the policy names it: sentry for [hooks.sentry].")],
    header: Annotated[
        list[str] | None, typer.Option("--header", "-H", help='A header: "X-GitHub-Event: workflow_run".')
    ] = None,
    headers: Annotated[
        Path | None, typer.Option(help="A file of headers, a line each, or one JSON object.")
    ] = None,
    database: Annotated[
        bool, typer.Option("--database", help="Ask the database as well what would become of each alert now.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for scripts.")] = False,
    lang: Annotated[
        Literal["ja", "en"] | None,
        typer.Option(help="Of the words; else that of LC_ALL or LANG, or of the policy."),
    ] = None,
) -> None:
    """Print what a monitor's request would do, without doing it. Exit code 1: it would do nothing."""
    with ends_well():
        from bot.cli.setup import load

        settings = load(*(["discord_guild_id"] if database else []))
        from bot.i18n.terminal import terminal_language
        from cogs.hooks.trying import try_request

        lines = [*(header or []), *([] if headers is None else headers_in(headers))]
        does_something = try_request(
            _policies(settings),
            settings.hook_keys,
            source=source,
            request=HookRequest(dict(map(_header, lines)), _bytes(file)),
            decide=partial(_decided, settings) if database else None,
            as_json=as_json,
            language=lang or terminal_language(os.environ),
        )
        raise typer.Exit(EXIT_OK if does_something else EXIT_FOUND)


def _policies(settings: "Settings") -> "dict[int, Policy]":
    """Return the policies by guild; by 0 while no guild is set.

    Raises:
        ConfigError: each of them switches hooks off.
    """
    from bot.cli.setup import require_on
    from bot.runbook import load_policy, load_served

    path = settings.runbook_file
    if settings.has_policies or settings.discord_guild_id is not None:
        policies = dict(load_served(path, home=settings.discord_guild_id).policies)
    else:
        policies = {0: load_policy(path)}
    on = {guild_id: policy for guild_id, policy in policies.items() if "hooks" not in policy.off}
    if not on:
        require_on(next(iter(policies.values())), "hooks", command="hooks try")
    return on


def _decided(
    settings: "Settings", guild_id: int, sender: "AlertSender", events: "Sequence[AlertEvent]"
) -> "list[Decided]":
    """Ask the database what would become of each event."""
    from bot.cli.database import with_cores
    from bot.runbook import load_served
    from bot.services.alerts.decisions import AlertDryRun

    async def decide(core_of: "Callable[[int], Core]") -> "list[Decided]":
        core = core_of(guild_id)
        dry_run = AlertDryRun(core.store, core.policy)
        return [await dry_run.decide(event, sender, guild_id=guild_id) for event in events]

    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    return with_cores(settings, served, "hooks", decide)


def headers_in(file: Path) -> list[str]:
    """Return the headers of a file, "name: value" each: its lines, or one JSON object.

    Raises:
        ConfigError.
    """
    text = _bytes(file).decode("utf-8", "replace").strip()
    try:
        content: object = json.loads(text)
    except ValueError:
        return [line for line in text.splitlines() if line.strip()]
    if not isinstance(content, dict):
        raise ConfigError('--headers: is neither lines of "Name: value" nor a JSON object')
    return [f"{name}: {value}" for name, value in content.items()]


def _bytes(file: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == _STDIN else file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise ConfigError(f'--header: {line!r} is not "Name: value"')
    return name.strip().lower(), value.strip()
