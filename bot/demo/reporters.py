"""What calls the bot's own port in the demo: an Alertmanager, and a job that reports."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import httpx

from bot.demo.process import Child
from bot.demo.running_demo import PORT_KEY, RunningDemo

#: The job of the demo's policy: how often it reports, with what it is granted.
JOB: Final = "receipt-sync"
JOB_IS_LATE_AFTER: Final = timedelta(minutes=36)
_LISTED_WITHIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert of the Alertmanager.

    Attributes:
        name: The label `alertname`.
        system: The label `service`, a target of the policy.
        ja: What it says.
    """

    name: str
    system: str
    ja: str
    en: str


_PAY, _DB = "pay.parky.co.jp", "db.parky.co.jp"
PAYMENTS: Final = (
    Alert(
        "CardsRefused", _PAY, "カード決済の 8 % が拒否されています", "8 % of the card payments are refused"
    ),
    Alert("RefundsStuck", _PAY, "返金が 40 件たまっています", "40 refunds are waiting"),
)
DATABASE: Final = Alert(
    "ConnectionsExhausted", _DB, "DB の接続数が上限です", "The database has no connection left"
)
DEPENDENTS: Final = (
    Alert(
        "StoreSyncFailed", "store.parky.co.jp", "店舗との同期が失敗しています", "The stores are out of sync"
    ),
    Alert("ReportsLate", "report.parky.co.jp", "売上レポートが遅れています", "The sales reports are late"),
)


class Reporters:
    """Calls the addresses of the bot's port, as other systems do."""

    def __init__(self, demo: RunningDemo) -> None:
        self._demo = demo
        self._beat_url = ""

    def said(self, alert: Alert) -> str:
        """Return what *alert* says, in the language of posts."""
        return alert.ja if self._demo.setup.language == "ja" else alert.en

    async def fire(self, *alerts: Alert) -> None:
        """Report that *alerts* fire."""
        firing = [
            {
                "status": "firing",
                "labels": {"alertname": one.name, "service": one.system, "severity": "warning"},
                "annotations": {"summary": self.said(one)},
            }
            for one in alerts
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
