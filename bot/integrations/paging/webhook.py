"""Webhooks of the team's own, signed as Standard Webhooks says.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from standardwebhooks import Webhook

from bot.integrations.outbound.call import Call, CallTerms
from bot.services.ports.paging import OutsideMessage

if TYPE_CHECKING:
    from bot.integrations.outbound.http import OutboundHttp

#: The operator sets its address, which may be in their own network.
_PAGES: Final = CallTerms("webhook", allows_private=True)


class SignedWebhook:
    """A `bot.services.ports.paging.PagingSystem`.

    The ``webhook-id`` is the same for each attempt, so that a receiver drops the second one.

    Args:
        secret: ``whsec_`` and base64.
    """

    def __init__(self, http: "OutboundHttp", *, url: str, secret: str) -> None:
        self._http = http
        self._url = url
        self._signer = Webhook(secret)

    async def page(self, message: OutsideMessage, *, to: str | None) -> None:
        """Post a page to the team's webhook, signed."""
        words = {"title": message.title, "text": message.text, "url": message.place}
        await self.post("incident.page", message.key, {**message.facts, **words}, _PAGES)

    async def post(self, event: str, key: str, data: Mapping[str, object], terms: CallTerms) -> None:
        """Post an event to the team's webhook, signed.

        Args:
            event: Its type: "incident.page".
            key: The same for each attempt: the receiver drops the second one.
            data: For machines; JSON-able.

        Raises:
            OutboundFailed: it did not take it, or did not say.
        """
        now = datetime.now(UTC)
        body = json.dumps(
            {"type": event, "timestamp": now.isoformat(), "data": dict(data)}, ensure_ascii=False
        )
        headers = {
            "Content-Type": "application/json",
            "webhook-id": key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(msg_id=key, timestamp=now, data=body),
        }
        call = Call("POST", self._url, headers=headers, content=body.encode(), is_repeatable=True)
        (await self._http.send(call, terms)).require_success()
