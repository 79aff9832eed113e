"""Raises the unacknowledged incident that the demo opens on."""

from typing import Final

from bot.demo.story.cast import ITO
from bot.demo.triage_walk import TriageReport, TriageWalk
from local_discord.client import Human

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
