"""Discord's webhooks: one request each, to an address that is a secret.

aiohttp is loaded with discord.py already, so this costs no memory of its own. No redirect is followed, no
proxy of the environment is used, and no answer or error that is passed on holds an address.

Source: Discord's docs, Resources > Webhook > Execute Webhook; Topics > Rate Limits.
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
from cachetools import TTLCache
from yarl import URL

from bot.domain.delivery.delivery import Posted
from bot.domain.errors import UNKNOWN_MESSAGE, Crowded, DeliveryRefused, UpstreamUnavailable
from bot.integrations.addresses import EgressProxy, WebhookAddress
from bot.integrations.outbound.call import asked_wait_s
from bot.services.ports.discord import WebhookPlace

_WITHIN_S: Final = 10.0

#: A limit that ends within this is waited for, since an attempt that has begun is the only one.
_PATIENCE_S: Final = 5.0
_SOON_S: Final = 1.0

#: A webhook that was moved to another channel is noticed after this long, seconds.
_REMEMBER_S: Final = 300.0
_TRIES: Final = 3

_REASON_LIMIT: Final = 200
_LARGEST_ANSWER: Final = 1 << 20


class HttpWebhooks:
    """A `bot.services.ports.Webhooks`.

    Args:
        addresses: By the channel's name.
        api_base: Discord's, or a local Discord's: each address is rebuilt on it.
        proxy: The one of the settings.
    """

    def __init__(
        self, addresses: Mapping[str, WebhookAddress], *, api_base: str, proxy: EgressProxy | None
    ) -> None:
        self._by_id = {address.id: address for address in addresses.values()}
        self._ids = {name: address.id for name, address in addresses.items()}
        self._api_base = api_base
        self._proxy = None if proxy is None else proxy.with_credentials
        self._free_at_s: dict[int, float] = {}
        self._places: TTLCache[int, WebhookPlace] = TTLCache(max(len(self._by_id), 1), _REMEMBER_S)

    @property
    def ids(self) -> Mapping[str, int]:
        return self._ids

    async def place(self, webhook_id: int) -> WebhookPlace:
        if (known := self._places.get(webhook_id)) is not None:
            return known
        try:
            answer = await self._ask("GET", webhook_id)
        except DeliveryRefused as refused:
            if refused.http_status != HTTPStatus.TOO_MANY_REQUESTS:
                raise
            raise Crowded(max(self._wait_s(webhook_id), _SOON_S)) from None
        place = WebhookPlace(webhook_id, _id(answer, "channel_id"), _id(answer, "guild_id"))
        self._places[webhook_id] = place
        return place

    def require_capacity(self, webhook_id: int) -> None:
        wait_s = self._wait_s(webhook_id)
        if wait_s > _SOON_S:
            raise Crowded(wait_s, asked_s=wait_s)

    async def post(self, webhook_id: int, body: Mapping[str, object]) -> Posted:
        try:
            message = await self._ask("POST", webhook_id, json=body)
        except DeliveryRefused:
            self._places.pop(webhook_id, None)  # perhaps it was moved, or is gone
            raise
        return Posted(
            channel_id=_id(message, "channel_id"),
            message_id=_id(message, "id"),
            pinged=bool(message.get("mention_everyone")),
        )

    async def message(self, webhook_id: int, message_id: int) -> Mapping[str, object] | None:
        try:
            return await self._ask("GET", webhook_id, path=f"/messages/{message_id}")
        except DeliveryRefused as refused:
            if refused.code != UNKNOWN_MESSAGE:
                raise
            return None

    async def _ask(
        self, method: str, webhook_id: int, *, path: str = "", json: Mapping[str, object] | None = None
    ) -> Mapping[str, object]:
        """Return the JSON object of the answer, waiting out short limits.

        Raises:
            DeliveryRefused, UpstreamUnavailable: as `post`.
        """
        for _ in range(_TRIES):
            await asyncio.sleep(min(self._wait_s(webhook_id), _PATIENCE_S))
            status, headers, answer = await self._request(method, webhook_id, path, json)
            self._note(webhook_id, status, headers, answer)
            if status != HTTPStatus.TOO_MANY_REQUESTS or self._wait_s(webhook_id) > _PATIENCE_S:
                break
        return _read(status, answer)

    async def _request(
        self, method: str, webhook_id: int, path: str, json: Mapping[str, object] | None
    ) -> tuple[int, Mapping[str, str], object]:
        url = URL(f"{self._by_id[webhook_id].on(self._api_base)}{path}", encoded=True)
        if method == "POST":
            url = url.with_query({"wait": "true"})
        timeout = aiohttp.ClientTimeout(total=_WITHIN_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.request(method, url, json=json, allow_redirects=False, proxy=self._proxy) as response,
            ):
                return response.status, response.headers, await _json(response)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            # Its text may hold the address.
            raise UpstreamUnavailable(f"no answer: {type(error).__name__}") from None

    def _note(self, webhook_id: int, status: int, headers: Mapping[str, str], answer: object) -> None:
        """Keep the time at which the webhook's limit has capacity again."""
        wait_s = 0.0
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            retry_after = answer.get("retry_after") if isinstance(answer, dict) else None
            # A 429 without a time is no answer of Discord's own: no reason to hurry.
            wait_s = asked_wait_s(retry_after) or asked_wait_s(headers.get("Retry-After")) or _WITHIN_S
        elif headers.get("X-RateLimit-Remaining") == "0":
            wait_s = asked_wait_s(headers.get("X-RateLimit-Reset-After")) or 0.0
        self._free_at_s[webhook_id] = asyncio.get_running_loop().time() + wait_s

    def _wait_s(self, webhook_id: int) -> float:
        free_at_s = self._free_at_s.get(webhook_id)
        return 0.0 if free_at_s is None else max(free_at_s - asyncio.get_running_loop().time(), 0.0)


async def _json(response: aiohttp.ClientResponse) -> object:
    """Return the answer's JSON value; None if it is none, or larger than any answer of Discord's."""
    if "json" not in response.headers.get("Content-Type", ""):
        return None
    if (response.content_length or 0) > _LARGEST_ANSWER:
        return None
    value: object = await response.json()
    return value


def _read(status: int, answer: object) -> Mapping[str, object]:
    """Return the object of a successful answer.

    Raises:
        DeliveryRefused: Discord says no. UpstreamUnavailable: it does not say.
    """
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise UpstreamUnavailable(f"HTTP {status}", http_status=status)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        raise _refusal(status, answer)
    if not isinstance(answer, dict):
        raise UpstreamUnavailable("unreadable answer: no JSON object", http_status=status)
    return answer


def _refusal(status: int, answer: object) -> DeliveryRefused:
    body: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    code = body.get("code")
    number = code if isinstance(code, int) else 0
    # The first line only: the lines below may quote the message.
    said = " ".join(str(body.get("message", "")).split("\n")[0].split())[:_REASON_LIMIT]
    reason = f"webhook: HTTP {status} {number or ''} {said}"
    return DeliveryRefused(" ".join(reason.split()), http_status=status, code=number)


def _id(payload: Mapping[str, object], key: str) -> int:
    try:
        return int(str(payload[key]))
    except (KeyError, ValueError):
        raise UpstreamUnavailable(f"unreadable answer: no {key}") from None
