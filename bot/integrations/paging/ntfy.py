"""ntfy: pushes to the phones that subscribe to a topic. Source: https://docs.ntfy.sh/publish/"""

from typing import TYPE_CHECKING

from bot.integrations.outbound.call import Call, CallTerms
from bot.services.ports.paging import OutsideMessage

if TYPE_CHECKING:
    from bot.integrations.outbound.http import OutboundHttp

#: The operator sets the address of the own server; any other is a person's choice.
_OWN, _OTHER = CallTerms("ntfy", allows_private=True), CallTerms("ntfy")
_URGENT, _HIGH = 5, 4  # "max" rings through Do Not Disturb where the phone allows it


class Ntfy:
    """A `bot.services.ports.paging.PagingSystem`.

    Args:
        server: Where topics without an address of their own are.
        token: An access token of that server; sent to no other.
        ack_label: Of the button that leads to the page to acknowledge on.
    """

    def __init__(self, http: "OutboundHttp", *, server: str, token: str | None, ack_label: str) -> None:
        self._http = http
        self._server = server.rstrip("/")
        self._token = token
        self._ack_label = ack_label

    async def page(self, message: OutsideMessage, *, to: str | None) -> None:
        """Publish to the topic *to*; a message with a known sequence id takes the place of the first."""
        server, slash, topic = (to or "").rpartition("/")
        server = server if slash else self._server
        body: dict[str, object] = {
            "topic": topic,
            "title": message.title,
            "message": message.text,
            "priority": _URGENT if message.is_emergency else _HIGH,
            "tags": ["rotating_light"],
            "sequence_id": message.key,
        }
        if message.place is not None:
            body["click"] = message.place
        if message.ack_link is not None:
            action = {"action": "view", "label": self._ack_label, "url": message.ack_link, "clear": True}
            body["actions"] = [action]
        is_own = server == self._server
        headers = {"Authorization": f"Bearer {self._token}"} if is_own and self._token is not None else {}
        call = Call("POST", server, headers=headers, json=body, is_repeatable=True)
        (await self._http.send(call, _OWN if is_own else _OTHER)).require_success()
