"""Any system that can send JSON, or a line of text: read by the policy's mapping."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.alerts.events import AlertEvent
from bot.domain.hooks.hook import HookRequest, HookRules, HookUnreadable
from bot.domain.suspects.card import RecentChange
from bot.integrations.hooks.body import json_in, json_of
from bot.integrations.hooks.charset import text_of
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
        text = text_of(request)
        try:
            body = json_in(text)
        except HookUnreadable:
            return (raw_event(_readable(text)),)
        return Mapped(rules.mapping, DEFAULTS).events(body)

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        if not rules.reports_deployments:
            return ()
        mapped = Mapped(rules.mapping, DEFAULTS)
        return mapped.deployments(json_of(request), source=rules.sender.name, at=at)


def _readable(text: str) -> str:
    """Return a body that is not JSON without what could not be decoded.

    Raises:
        HookUnreadable: nothing is left.
    """
    left = text.replace("\ufffd", "")
    if not any(sign.isprintable() and not sign.isspace() for sign in left):
        raise HookUnreadable("the body has no text" if text.strip("\0 \t\r\n") else "the body is empty")
    return left
