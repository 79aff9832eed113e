"""`incident-bot check`: the state of every system, in the terminal."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import TypeVar

from bot.cli.programs import run_program
from bot.database import own_database
from bot.resources import open_shared
from bot.runbook import Served, load_served
from bot.services.ports import DlqStore
from bot.services.ports.live_checks import LiveCheck
from bot.settings import Settings

T = TypeVar("T")


def check(settings: Settings, target: str | None, *, language: str | None) -> int:
    """Look at every system and print a line for each, the worst first; return the exit code.

    Args:
        target: The one that is asked by HTTP; None for all.
        language: "ja" or "en"; None for the policy's.
    """
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    policy = replace(served.home_policy, language=language or served.home_policy.language)

    def look(work: Callable[[LiveCheck, DlqStore], Coroutine[object, object, T]]) -> T:
        with own_database(settings) as database:
            return asyncio.run(_looked(settings, served, database.dsn, work))

    return run_program("check", settings, policy, target, look)


async def _looked(
    settings: Settings,
    served: Served,
    dsn: str,
    work: Callable[[LiveCheck, DlqStore], Coroutine[object, object, T]],
) -> T:
    """Do *work* with what looks at the bot's own database, and with the DLQ."""
    async with open_shared(settings, served, dsn, connections=0) as shared:
        return await work(shared.vitals, shared.dlq)
