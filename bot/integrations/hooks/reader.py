"""What most readers have in common."""

from collections.abc import Callable
from datetime import datetime

from bot.domain.alerts.events import AlertEvent
from bot.domain.changes import RecentChange
from bot.domain.hooks.hook import HookRequest, HookRules, HookUnreadable, UnreadAlert
from bot.integrations.hooks.body import Fields
from bot.integrations.hooks.charset import CONTENT_TYPE


class SilentReader:
    """The parts of a `bot.services.ports.hooks.HookReader` for a source without ids and answers."""

    kept: tuple[str, ...] = (CONTENT_TYPE,)

    def is_key(self, key: str) -> bool:  # noqa: ARG002
        """Return True: the format accepts any text as its secret."""
        return True

    def delivery_id(self, request: HookRequest) -> str | None:  # noqa: ARG002
        """Return None: nothing tells a request that is sent again from a new one."""
        return None

    def answer(self, request: HookRequest, rules: HookRules) -> bytes | None:  # noqa: ARG002
        """Return None: the source is content with any 2xx and no body."""
        return None

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        """Return nothing: it reports no deployments."""
        del request, rules, at
        return ()


def read_alerts(group: Fields, read: Callable[[Fields], AlertEvent]) -> tuple[AlertEvent | UnreadAlert, ...]:
    """Read the list ``alerts`` of *group*, each alert by itself: one that cannot be read hides no other.

    Raises:
        HookUnreadable: it is no list.
    """
    found = group.values.get("alerts")
    if not isinstance(found, list):
        raise HookUnreadable("alerts is not a list")
    return tuple(_read(alert, read) for alert in found)


def _read(alert: object, read: Callable[[Fields], AlertEvent]) -> AlertEvent | UnreadAlert:
    if not isinstance(alert, dict):
        return UnreadAlert("an alert is not a JSON object")
    try:
        return read(Fields(alert))
    except HookUnreadable as error:
        return UnreadAlert(error.reason)
