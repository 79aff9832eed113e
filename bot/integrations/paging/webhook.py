"""A webhook of the team's own, signed as Standard Webhooks says: the way to SMS, voice and everything else.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from standardwebhooks import Webhook

from bot.integrations.outbound.call import Call, Terms
from bot.services.ports.paging import OutsideMessage

if TYPE_CHECKING:
    from bot.integrations.outbound.http import OutboundHttp

#: The operator sets its address, which may be in their own network.
_TERMS: Final = Terms("webhook", allows_private=True)


class SignedWebhook:
    """A `bot.services.ports.paging.PagingSystem`.

    Args:
        secret: ``whsec_`` and base64.
    """

    def __init__(self, http: "OutboundHttp", *, url: str, secret: str) -> None:
        self._http = http
        self._url = url
        self._signer = Webhook(secret)

    async def page(self, message: OutsideMessage, *, to: str | None) -> None:
        """Post the page. Its ``webhook-id`` is the same for each attempt: a receiver drops the second one."""
        now = datetime.now(UTC)
        data = {**message.facts, "title": message.title, "text": message.text, "url": message.place}
        event = {"type": "incident.page", "timestamp": now.isoformat(), "data": data}
        body = json.dumps(event, ensure_ascii=False)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": message.key,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._signer.sign(msg_id=message.key, timestamp=now, data=body),
        }
        call = Call("POST", self._url, headers=headers, content=body.encode(), is_repeatable=True)
        (await self._http.send(call, _TERMS)).require_success()
