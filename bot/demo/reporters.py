"""What calls the bot's own port in the demo: an Alertmanager, and a job that reports."""

from datetime import timedelta
from typing import Final

import httpx

from bot.demo.process import Child
from bot.demo.running_demo import PORT_KEY, RunningDemo

#: The job of the demo's policy: how often it reports, with what it is granted.
JOB: Final = "receipt-sync"
JOB_IS_LATE_AFTER: Final = timedelta(minutes=36)
_LISTED_WITHIN_S: Final = 30.0

#: Alerts: the label `alertname`, the system, and what is said about it.
Alert = tuple[str, str, dict[str, str]]

PAYMENTS: Final[tuple[Alert, ...]] = (
    (
        "CardsRefused",
        "pay.parky.co.jp",
        {"ja": "カード決済の 8 % が拒否されています", "en": "8 % of the card payments are refused"},
    ),
    (
        "RefundsStuck",
        "pay.parky.co.jp",
        {"ja": "返金が 40 件たまっています", "en": "40 refunds are waiting"},
    ),
)
DATABASE: Final[Alert] = (
    "ConnectionsExhausted",
    "db.parky.co.jp",
    {"ja": "DB の接続数が上限です", "en": "The database has no connection left"},
)
DEPENDENTS: Final[tuple[Alert, ...]] = (
    (
        "StoreSyncFailed",
        "store.parky.co.jp",
        {"ja": "店舗との同期が失敗しています", "en": "The stores are not synchronised"},
    ),
    (
        "ReportsLate",
        "report.parky.co.jp",
        {"ja": "売上レポートが遅れています", "en": "The sales reports are late"},
    ),
)


class Reporters:
    """Calls the addresses of the bot's port, as other systems do."""

    def __init__(self, demo: RunningDemo) -> None:
        self._demo = demo
        self._beat_url = ""

    def said(self, alert: Alert) -> str:
        """Return what *alert* says, in the language of posts."""
        return alert[2][self._demo.setup.language]

    async def fire(self, *alerts: Alert) -> None:
        """Report that *alerts* fire."""
        firing = [
            {
                "status": "firing",
                "labels": {"alertname": name, "service": system, "severity": "warning"},
                "annotations": {"summary": self.said((name, system, words))},
            }
            for name, system, words in alerts
        ]
        url = f"{self._demo.public_url}/hooks/alertmanager/{PORT_KEY}"
        await self._post(url, {"version": "4", "status": "firing", "alerts": firing})

    async def beat(self) -> None:
        """Report that the job has succeeded."""
        self._beat_url = self._beat_url or await self._listed_url()
        await self._post(self._beat_url, {})

    async def _listed_url(self) -> str:
        """Return the job's address, as an operator looks it up."""
        arguments = ("heartbeats", "list", "--url", self._demo.public_url)
        folder = self._demo.folder
        listed = await Child.start("heartbeats list", *arguments, env=self._demo.settings, folder=folder)
        try:
            line = await listed.line_with(f"{JOB} ", within_s=_LISTED_WITHIN_S)
        finally:
            await listed.wait()
        return line.split()[1]

    async def _post(self, url: str, body: dict[str, object]) -> None:
        async with httpx.AsyncClient(trust_env=False) as client:
            (await client.post(url, json=body)).raise_for_status()
