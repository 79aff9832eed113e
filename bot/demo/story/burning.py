"""Raises the unacknowledged incident that the demo opens on."""

from typing import Final

from bot.demo.play import TriageReport, TriageWalk
from bot.demo.setup import Setup
from bot.demo.story.cast import ITO
from local_discord.client import Human

_CHANNEL: Final = "general"
_TARGETS: Final = ("api.parky.co.jp",)
_SYMPTOMS: Final = ("full_outage", "errors")

REPORTS: Final = {
    "ja": TriageReport("出庫ゲートが開かない (api が 5xx)", _TARGETS, _SYMPTOMS, started="4分前"),
    "en": TriageReport("Exit gates stay shut (api returns 5xx)", _TARGETS, _SYMPTOMS, started="4 min ago"),
}

#: What is pressed: production is affected, the impact is large, raise it.
_PRESSED: Final = {"ja": ("はい", "はい", "発報する"), "en": ("Yes", "Yes", "Raise the alert")}


async def raise_alarm(human: Human, setup: Setup) -> None:
    """Report an outage as a person does: by the questions, or by a command where the policy is a team's own.

    The deadline counts from now: it is not missed yet.
    """
    report = REPORTS[setup.language]
    if setup.own_file:
        await human.command(ITO, _CHANNEL, setup.policy.most_severe.name.lower(), {"title": report.title})
        return
    walk = TriageWalk(human, ITO, _CHANNEL)
    await walk.answer(await walk.begin(report), *_PRESSED[setup.language])
