"""`incident-bot doctor --live`: the trials, a table of them, and a file of what they saw."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import aiohttp
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.cli.outcome import EXIT_FOUND, EXIT_OK
from bot.cli.setup import load
from bot.doctor.on_discord.api import Api
from bot.doctor.on_discord.cleanup import CleanUp
from bot.doctor.on_discord.runner import observe
from bot.doctor.on_discord.trial import Observation, Options, Run, TrialOutcome
from bot.domain.errors import ConfigError
from bot.listening import intents
from bot.runbook import Served, load_served
from bot.settings import Settings

#: Moments after a message at which its nonce is used again, seconds: "the past few minutes", says Discord.
NONCE_MOMENTS_S: Final = (30.0, 60.0, 120.0, 180.0, 240.0, 330.0, 450.0, 600.0)

_STYLES: Final = {
    TrialOutcome.OK: "green",
    TrialOutcome.DIFFERS: "yellow",
    TrialOutcome.FAIL: "bold red",
    TrialOutcome.SKIPPED: "dim",
}
_PLAIN_WIDTH: Final = 160  # columns, when the output is not a terminal


def examine_live(options: Options, *, file: Path | None = None) -> int:
    """Try on Discord itself what the bot relies on, and print a table of it.

    Args:
        file: Gets everything that was seen, as JSON.

    Returns:
        The exit code: 0 when nothing has failed.
    """
    try:
        settings = load("discord_token", "discord_guild_id")
        served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    except ConfigError:  # the table above this one has a row for each mistake
        return EXIT_FOUND
    console = Console(width=None if Console().is_terminal else _PLAIN_WIDTH)
    with console.status("asking Discord: half a minute, and longer with --press and --nonce-window"):
        observations = asyncio.run(_observe(settings, served, options, console))
    console.print(_table(observations))
    if file is not None:
        record = {
            "api": settings.discord_api_base,
            "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "observations": [asdict(one) for one in observations],
        }
        file.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    failed = sum(one.state is TrialOutcome.FAIL for one in observations)
    differ = sum(one.state is TrialOutcome.DIFFERS for one in observations)
    skipped = sum(one.state is TrialOutcome.SKIPPED for one in observations)
    console.print(f"{failed} failed, {differ} differ from the local Discord, {skipped} not tried")
    return EXIT_FOUND if failed else EXIT_OK


async def _observe(
    settings: Settings, served: Served, options: Options, console: Console
) -> list[Observation]:
    policy = served.home_policy
    base = settings.discord_api_base
    async with aiohttp.ClientSession() as session:
        api = Api(session, base=base, token=settings.token, proxy=settings.proxy_for(base))
        run = Run(
            api=api,
            policy=policy,
            guild_id=served.home,
            intents=intents(
                message_content=settings.message_content, voice=bool(policy.timeline.voice_channels)
            ).value,
            options=options,
            say=lambda what: console.print(f"→ within {options.press_s:g} s: {what}", style="bold"),
            clean_up=CleanUp(api),
        )
        async with aclosing(observe(run)) as observations:
            return [one async for one in observations]


def _table(observations: Sequence[Observation]) -> Table:
    table = Table(header_style="bold", title="live", title_justify="left")
    for heading in ("what", "state", "seen", "the local Discord says", "what to do"):
        table.add_column(heading, overflow="fold")
    for one in observations:
        # The same twice tells nothing.
        says = "" if one.expected is None or one.state is TrialOutcome.SKIPPED else json.dumps(one.expected)
        says = "the same" if one.state is TrialOutcome.OK and says else says
        table.add_row(
            Text(one.name), Text(one.state, _STYLES[one.state]), Text(one.said), Text(says), Text(one.todo)
        )
    return table
