"""Any system that can send JSON, or a line of text: read by the policy's mapping."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.alerts.events import AlertEvent
from bot.domain.hooks.hook import HookRequest, HookRules, HookUnreadable
from bot.domain.suspects.card import RecentChange
from bot.integrations.hooks.body import json_of
from bot.integrations.hooks.mapping import DEFAULTS, Mapped, raw_event
from bot.integrations.hooks.proofs import require_credentials
from bot.integrations.hooks.reader import SilentReader


class JsonReader(SilentReader):
    """See `bot.services.ports.hooks.HookReader`."""

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        del now
        require_credentials(request, keys)

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        if rules.reports_deployments:
            return ()
        try:
            body = json_of(request.body)
        except HookUnreadable:
            return (raw_event(_text(request.body)),)
        return Mapped(rules.mapping, DEFAULTS).events(body)

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        if not rules.reports_deployments:
            return ()
        mapped = Mapped(rules.mapping, DEFAULTS)
        return mapped.deployments(json_of(request.body), source=rules.sender.name, at=at)


def _text(body: bytes) -> str:
    """Return a body that is not JSON as text.

    Raises:
        HookUnreadable.
    """
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HookUnreadable("the body is not UTF-8") from None
    if not text.strip("\0 \t\r\n"):
        raise HookUnreadable("the body is empty")
    return text
