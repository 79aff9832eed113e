"""Pushover: pushes that ring again until a person acknowledges.

Source: https://pushover.net/api, and https://pushover.net/api/receipts
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.domain.paging import SyncedState
from bot.integrations.outbound.call import Call, CallTerms
from bot.services.ports.paging import OutsideAnswer, OutsideMessage

if TYPE_CHECKING:
    from bot.integrations.outbound.http import OutboundHttp

#: The operator sets its address. Receipts that cannot be read must not keep a page from leaving.
_TERMS: Final = CallTerms("pushover", allows_private=True)
_RECEIPTS: Final = CallTerms("pushover_receipts", allows_private=True)
_EMERGENCY, _HIGH = 2, 1

#: Seconds between two rings of an emergency, >= 30, and until it gives up, <= 10,800.
RETRY_S: Final = 60
EXPIRE_S: Final = 10_800
_TITLE_LIMIT, _TEXT_LIMIT = 250, 1024

#: Before the tag of an emergency whose receipt never arrived. A receipt has letters and digits only.
_TAGGED: Final = "tag:"


class Pushover:
    """A `bot.services.ports.paging.SyncedSystem`.

    Args:
        token: Of the team's application at Pushover.
    """

    def __init__(self, http: "OutboundHttp", *, api: str, token: str, ack_label: str) -> None:
        self._http = http
        self._api = api.rstrip("/")
        self._token = token
        self._ack_label = ack_label

    async def page(self, message: OutsideMessage, *, to: str | None) -> str | None:
        """Send an emergency, or a push of high priority, and return the emergency's receipt.

        Pushover knows no idempotency key. An earlier attempt that may have arrived is cancelled by its tag,
        so that the phone rings on for one of them only.
        """
        form = {
            "token": self._token,
            "user": to or "",
            "title": message.title[:_TITLE_LIMIT],
            "message": message.text[:_TEXT_LIMIT],
            "priority": str(_EMERGENCY if message.is_emergency else _HIGH),
        }
        url, label = (message.ack_link, self._ack_label) if message.ack_link else (message.place, "Discord")
        if url is not None:
            form |= {"url": url, "url_title": label}
        if not message.is_emergency:
            await self._post("messages.json", form)
            return None
        await self._cancel(message.key)
        ring = {"retry": str(RETRY_S), "expire": str(EXPIRE_S), "tags": message.key}
        answer = await self._post("messages.json", form | ring)
        receipt = answer.get("receipt")
        return str(receipt) if receipt else None

    def reference_unheard(self, *, key: str, reference: str) -> str:
        """Return its tag: only the answer would have had the receipt."""
        return f"{_TAGGED}{key}"

    async def answer(self, reference: str) -> OutsideAnswer | None:
        """Return the acknowledgement of an emergency, with the user's key; a tag can't be asked for one."""
        if reference.startswith(_TAGGED):
            return None
        call = Call("GET", f"{self._api}/receipts/{reference}.json", params={"token": self._token})
        found = _object(await self._http.json(call, _RECEIPTS))
        if found.get("acknowledged") != 1:
            return None
        return OutsideAnswer(address=str(found.get("acknowledged_by") or ""))

    async def tell(self, reference: str, state: SyncedState) -> None:
        """Stop the rings of a page, whether it was answered or is over."""
        if reference.startswith(_TAGGED):
            await self._cancel(reference.removeprefix(_TAGGED))
        else:
            await self._post(f"receipts/{reference}/cancel.json", {"token": self._token})

    async def _cancel(self, tag: str) -> None:
        await self._post(f"receipts/cancel_by_tag/{tag}.json", {"token": self._token})

    async def _post(self, path: str, form: Mapping[str, str]) -> Mapping[str, object]:
        return _object(await self._http.json(Call("POST", f"{self._api}/{path}", form=form), _TERMS))


def _object(answer: object) -> Mapping[str, object]:
    if not isinstance(answer, dict) or answer.get("status") != 1:
        raise OutboundFailed(OutboundProblem.REJECTED, "Pushover does not say that it worked")
    return answer
