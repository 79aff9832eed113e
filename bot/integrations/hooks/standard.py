"""Standard Webhooks: how many systems sign what they send.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from bot.domain.alerts.events import AlertEvent
from bot.domain.changes import RecentChange
from bot.domain.hooks.hook import HookRefused, HookRequest, HookRules, MappedPart
from bot.integrations.hooks.body import fields_of
from bot.integrations.hooks.mapping import DEFAULTS, Mapped, states_in
from bot.integrations.hooks.proofs import is_one_of, require_recent
from bot.integrations.hooks.reader import SilentReader

_ID: Final = "webhook-id"
_TIMESTAMP: Final = "webhook-timestamp"

#: The specification has a type, a time, and data of the sender's own making.
_IN_DATA: Final[Mapping[str, str]] = {
    **{name: " || ".join(f"data.{part}" for part in where.split(" || ")) for name, where in DEFAULTS.items()},
    MappedPart.TITLE: "data.title || data.summary || data.message || data.name || type",
    MappedPart.STATUS: states_in("data.", "type"),
    MappedPart.STARTED_AT: "data.started_at || timestamp",
}


class StandardReader(SilentReader):
    """See `bot.services.ports.hooks.HookReader`."""

    kept = (*SilentReader.kept, _ID, _TIMESTAMP)

    def is_key(self, key: str) -> bool:
        try:
            Webhook(key)
        except (ValueError, EmptyWebhookSecretError):
            return False
        return True

    def verify(self, request: HookRequest, keys: Sequence[str], *, now: datetime) -> None:
        headers = request.headers
        signed_at = require_recent(headers.get(_TIMESTAMP, ""), now)
        given = headers.get("webhook-signature", "").split()
        expected = [_signature(key, headers.get(_ID, ""), signed_at, request.body) for key in keys]
        if not headers.get(_ID) or not any(is_one_of(one, expected) for one in given):
            raise HookRefused("signature")

    def delivery_id(self, request: HookRequest) -> str | None:
        return request.headers.get(_ID)

    def parse(self, request: HookRequest, rules: HookRules) -> tuple[AlertEvent, ...]:
        if rules.reports_deployments:
            return ()
        return Mapped(rules.mapping, _IN_DATA).events(dict(fields_of(request).values))

    def changes(self, request: HookRequest, rules: HookRules, *, at: datetime) -> tuple[RecentChange, ...]:
        if not rules.reports_deployments:
            return ()
        body = dict(fields_of(request).values)
        return Mapped(rules.mapping, _IN_DATA).deployments(body, source=rules.sender.name, at=at)


def _signature(key: str, message_id: str, signed_at: datetime, body: bytes) -> str:
    """Return ``v1,<base64>``.

    The library's own check would ask the system's clock for the time, so only its signature is used.

    Raises:
        HookRefused: the body is not UTF-8, or the key is no key of a Standard Webhook.
    """
    try:
        return Webhook(key).sign(message_id, signed_at, body.decode())
    except (ValueError, EmptyWebhookSecretError):
        raise HookRefused("signature") from None
