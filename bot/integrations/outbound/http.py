"""One HTTP client for everything outside: deadlines, limits, retries, breakers.

It keeps no connection: each request checks the address that it connects to, and no connection of one host
serves another. Redirects stay on their host. What is logged or raised names neither address nor secret.
"""

import asyncio
import ssl
from http import HTTPStatus
from importlib import import_module
from typing import Final
from urllib.parse import urljoin

import httpx

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.outbound.addresses import (
    CheckedTransport,
    LiteralsChecked,
    Resolver,
    resolve,
)
from bot.integrations.outbound.answers import HttpAnswer
from bot.integrations.outbound.breakers import Breakers
from bot.integrations.outbound.call import Call, CallTerms
from bot.integrations.outbound.exchange import exchange
from bot.integrations.outbound.places import AllowedPlaces
from bot.integrations.proxy import EgressProxy, is_direct

_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})

#: The least pause before a retry, seconds.
_PAUSE_S: Final = 0.2

#: The request was not processed; the others may have been.
_NOT_DONE: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_TRANSIENT: Final = _NOT_DONE | {HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}

#: What says that a host is away; other failures come from an answer, or before it is asked.
_AWAY: Final = frozenset(
    {OutboundProblem.TIMEOUT, OutboundProblem.REFUSED, OutboundProblem.UNKNOWN_HOST, OutboundProblem.TLS}
)


class OutboundHttp:
    """Sends requests to systems outside, for the whole process.

    Args:
        allowed: Hosts and networks that are asked although they are private.
        proxy: The one of the settings. Behind it, names are resolved by the proxy, which decides where they
            may lead; only an address that is written as such is checked here.
        no_proxy: Hosts that are asked without it, with commas between them.
        tls: Whom to trust; None for the usual authorities.
    """

    def __init__(
        self,
        *,
        allowed: AllowedPlaces | None = None,
        proxy: EgressProxy | None = None,
        no_proxy: str = "",
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed or AllowedPlaces()
        self._proxy = proxy
        self._no_proxy = no_proxy
        self._resolver = resolver
        self._tls = tls
        self._preparing = asyncio.Lock()
        self._breakers = Breakers()

    async def send(self, call: Call, terms: CallTerms) -> HttpAnswer:
        """Send *call* and return its answer, of whatever status.

        A retry honours Retry-After if that fits the deadline; otherwise the answer is returned as it is.

        Raises:
            OutboundFailed: there is no complete answer, or the host is not asked at the moment.
        """
        url = _parsed(call.url)
        host = f"{url.scheme}://{url.host}:{url.port}"
        asked_at = self._breakers.clock()
        self._breakers.let_pass(host, terms, asked_at)
        try:
            answer = await self._within_deadline(call, terms)
        except OutboundFailed as error:
            if error.problem in _AWAY:
                self._breakers.note_failure(host, terms, asked_at)
            else:
                self._breakers.note_answer(host, terms)
            raise
        except BaseException:
            self._breakers.give_back(host, terms, asked_at)
            raise
        wait_s = answer.retry_after_s() if answer.status in _NOT_DONE else None
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or wait_s:
            self._breakers.note_failure(host, terms, asked_at, for_all_s=wait_s)
        else:
            self._breakers.note_answer(host, terms)
        return answer

    async def json(self, call: Call, terms: CallTerms) -> object:
        """Send *call* and return the JSON of its answer.

        Raises:
            OutboundFailed: as `send`; or the answer is no success, or no JSON.
        """
        return (await self.send(call, terms)).json()

    async def _within_deadline(self, call: Call, terms: CallTerms) -> HttpAnswer:
        try:
            async with asyncio.timeout(terms.deadline_s):
                ends_at = asyncio.get_running_loop().time() + terms.deadline_s
                for _ in range(terms.tries - 1):
                    answer_or_wait_s = await self._try(call, terms, ends_at)
                    if isinstance(answer_or_wait_s, HttpAnswer):
                        return answer_or_wait_s
                    await asyncio.sleep(answer_or_wait_s)
                return await self._following_redirects(call, terms, ends_at)
        except TimeoutError:
            said = f"no complete answer within {terms.deadline_s:g} s"
            raise OutboundFailed(OutboundProblem.TIMEOUT, said) from None

    async def _try(self, call: Call, terms: CallTerms, ends_at: float) -> HttpAnswer | float:
        """Return the answer, or the seconds to wait before the next try."""
        try:
            answer = await self._following_redirects(call, terms, ends_at)
        except OutboundFailed as error:
            if error.problem is OutboundProblem.REFUSED and call.may_repeat:
                return _PAUSE_S
            raise
        if answer.status not in (_TRANSIENT if call.may_repeat else _NOT_DONE):
            return answer
        wait_s = max(answer.retry_after_s() or 0.0, _PAUSE_S)
        has_time = asyncio.get_running_loop().time() + wait_s < ends_at
        return wait_s if has_time else answer

    async def _following_redirects(self, call: Call, terms: CallTerms, ends_at: float) -> HttpAnswer:
        url = _parsed(call.url)
        url = url if call.params is None else url.copy_merge_params(dict(call.params))
        for _ in range(_MOST_REDIRECTS + 1):
            answer = await exchange(call, url, terms, await self._transport(url, terms), ends_at=ends_at)
            target = answer.headers.get("location")
            if not terms.follows or answer.status not in _REDIRECTS or target is None:
                return answer
            there = _parsed(urljoin(str(url), target))
            if not call.only_reads or not _stays(url, there):
                said = "redirects to another address"
                raise OutboundFailed(OutboundProblem.REDIRECT, said, http_status=answer.status)
            url = there
        raise OutboundFailed(OutboundProblem.REDIRECT, "redirects too often")

    async def _transport(self, url: httpx.URL, terms: CallTerms) -> httpx.AsyncBaseTransport:
        """Return a transport for one request: through the proxy, or to an address that is checked."""
        async with self._preparing:  # the work of a first request is done in a thread, once
            if self._tls is None:
                self._tls = await asyncio.to_thread(_prepare)
            tls = self._tls
        allowed = AllowedPlaces.everywhere() if terms.allows_private else self._allowed
        if self._proxy is not None and not is_direct(str(url), self._no_proxy):
            inner = httpx.AsyncHTTPTransport(verify=tls, proxy=self._proxy.with_credentials)
            return LiteralsChecked(inner, allowed=allowed)
        return CheckedTransport(
            httpx.AsyncHTTPTransport(verify=tls), resolver=self._resolver, allowed=allowed
        )


def _prepare() -> ssl.SSLContext:
    """Import what httpx imports at its first request, and read the certificates.

    It takes a quarter of a second, which no P0 waits for.
    """
    import_module("anyio._backends._asyncio")
    tls = httpx.create_ssl_context()
    httpx.AsyncHTTPTransport(verify=tls)  # imports httpcore
    return tls


def _parsed(url: str) -> httpx.URL:
    """Return an address that can be asked.

    Raises:
        OutboundFailed: it is none.
    """
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        parsed = httpx.URL("")
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise OutboundFailed(OutboundProblem.FORBIDDEN_ADDRESS, "not an http:// or https:// address")
    return parsed


def _stays(url: httpx.URL, there: httpx.URL) -> bool:
    """Return True if a redirect leads to the same host, perhaps from http to https."""
    is_upgrade = (url.scheme, url.port, there.scheme, there.port) == ("http", None, "https", None)
    return there.host == url.host and (is_upgrade or (there.scheme, there.port) == (url.scheme, url.port))
