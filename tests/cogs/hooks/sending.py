"""What the tests of hooks have in common: a source's requests, its tables and its alerts."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.runbook.model import Policy
from bot.storage.tables.incidents import IncidentRows
from cogs.hooks.readers.alertmanager import AlertmanagerReader
from cogs.hooks.rules import HookRequest, HookRules, HookSenders, NewHook
from cogs.hooks.store import Hooks
from tests.services.desk import GUILD, Desk

SECRET = "s" * 32
TOKEN = "the-bearer-token"
PATH = f"/hooks/alertmanager/{SECRET}"
AUTH = {"Authorization": f"Bearer {TOKEN}"}


def group(*statuses: str, name: str = "HighErrorRate") -> dict[str, object]:
    """What Alertmanager sends about alerts of one group; its documentation has the form."""
    alerts = [
        {
            "status": status,
            "labels": {"alertname": name, "service": "api", "severity": "critical"},
            "annotations": {"summary": f"5xx above {number} %"},
            "startsAt": "2026-11-30T03:00:00.123456789Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example/graph?g0.expr=up",
            "fingerprint": f"{name}{number}",
        }
        for number, status in enumerate(statuses)
    ]
    return {"version": "4", "groupKey": "{}", "status": "firing", "alerts": alerts}


class NumberedReader(AlertmanagerReader):
    """One whose requests have ids of their own."""

    stored_headers = ("x-delivery",)

    def delivery_id(self, request: HookRequest) -> str | None:
        return request.headers.get("x-delivery")


async def alerts(desk: Desk) -> list[tuple[str, str, int]]:
    """What is tracked."""
    found = await IncidentRows(desk.store.sql).open_incidents(GUILD)
    return [(one.title, one.severity, one.tracked.occurrences) for one in found]


def tables(policy: Policy) -> Mapping[str, HookRules]:
    """Return the sources of a policy."""
    return policy.of(HookSenders).by_name


def with_tables(policy: Policy, **others: HookRules) -> Policy:
    """Return a policy with other sources beside its own, or in their place."""
    return policy.with_rules(HookSenders(MappingProxyType({**tables(policy), **others})))


async def waiting(desk: Desk) -> int:
    """Return how many hooks wait to be processed."""
    return await Hooks(desk.store.sql).waiting(most=9)


async def add(desk: Desk, hooks: Sequence[NewHook]) -> None:
    """Store hooks, as the server does."""
    async with desk.store.transaction() as tx:
        await Hooks(tx.sql).add(hooks)
