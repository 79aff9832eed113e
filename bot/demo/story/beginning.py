"""How the story begins: whether it has begun, and the alarm that the demo opens on."""

from pathlib import Path
from typing import Final

import asyncpg

from bot.demo.story.cast import ITO
from bot.demo.triage_walk import TriageReport, TriageWalk
from bot.storage.database.sql import composed
from local_discord.client import Human

_QUERIES: Final = composed([Path(__file__).with_name("progress.sql").read_text(encoding="utf-8")])


async def is_past_written(connection: asyncpg.Connection) -> bool:
    """Return True if the database has the demo's past; the local Discord then has its posts, too."""
    return bool(await connection.fetchval(_QUERIES["is_past_written"].text))


async def has_begun(connection: asyncpg.Connection) -> bool:
    """Return True if an incident was raised after the past, such as the one that the demo opens on."""
    return bool(await connection.fetchval(_QUERIES["has_begun"].text))


_CHANNEL: Final = "general"
_TARGETS: Final = ("api.parky.co.jp",)
_SYMPTOMS: Final = ("full_outage", "errors")

REPORTS: Final = {
    "ja": TriageReport("出庫ゲートが開かない (api が 5xx)", _TARGETS, _SYMPTOMS, started="4分前"),
    "en": TriageReport("Exit gates stay shut (api returns 5xx)", _TARGETS, _SYMPTOMS, started="4 min ago"),
}

#: The buttons that the reporter presses: production is affected, the impact is large, raise it.
_PRESSED: Final = {"ja": ("はい", "はい", "発報する"), "en": ("Yes", "Yes", "Raise the alert")}


async def raise_alarm(human: Human, language: str, *, command: str | None = None) -> None:
    """Report an outage as a person does; its deadline counts from now, so it is not missed yet.

    Args:
        language: "ja" or "en", of the report.
        command: What reports it under a team's own policy; None: the questions of Parky's.
    """
    report = REPORTS[language]
    if command is not None:
        await human.command(ITO, _CHANNEL, command, {"title": report.title})
        return
    walk = TriageWalk(human, ITO, _CHANNEL)
    await walk.answer(await walk.begin(report), *_PRESSED[language])
