"""One HTTP client for everything outside: deadlines, limits, retries, breakers.

It keeps no connection: each request checks the address that it connects to, and no connection of one host
serves another. Redirects stay on their host. What is logged or raised names neither address nor secret.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from importlib import import_module
from importlib.metadata import version
from typing import Final, TypeAlias
from urllib.parse import urljoin

import httpx
import structlog
from cachetools import LRUCache

from bot.domain.delivery.limits import Breaker
from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.addresses import EgressProxy, is_direct
from bot.integrations.outbound.call import Address, AllowedPlaces, Call, CallTerms, HttpAnswer, is_public

log = structlog.get_logger(__name__)

#: Returns the addresses of a host's name. Raises OSError if it has none.
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


#: A name server that is away keeps each of these for seconds. The loop's own threads are for everything else:
#: without them the bot could not even resolve Discord's name.
_RESOLVING: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolving")

#: A host with more addresses than this is not tried at all of them: the deadline would be over.
_MOST_TRIED: Final = 3

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

#: No compression: a few bytes could become a gigabyte before they are counted.
_USUAL: Final = {"Accept-Encoding": "identity", "User-Agent": f"incident-bot/{version('incident-bot')}"}

#: The part of the remaining time that the connection may take, and its TLS handshake once more. A handshake
#: that is cancelled from outside leaves its socket open (httpcore 1.0.9); one that times out does not.
_CONNECTING: Final = 0.45

#: Systems at their hosts that are remembered.
_MOST: Final = 1000


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of *host* by the system's own resolver, the preferred one first.

    Raises:
        OSError: it has none.
    """
    asking = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    infos = await asyncio.get_running_loop().run_in_executor(_RESOLVING, asking)
    return list(dict.fromkeys(str(entry[4][0]) for entry in infos))


class LiteralsChecked(httpx.AsyncBaseTransport):
    """Refuses private addresses that are written as such; names are left to *inner*, which is a proxy."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *, allowed: AllowedPlaces) -> None:
        self._inner = inner
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            _permitted(request.url.host, [request.url.host], self._allowed)
        except ValueError:
            is_here = request.url.host == "localhost" or request.url.host.endswith(".localhost")
            if is_here and request.url.host not in self._allowed.hosts:
                raise _forbidden() from None
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


class CheckedTransport(httpx.AsyncBaseTransport):
    """Resolves a host once, checks its addresses, and connects to one of those that it checked.

    A name that changes its address between check and connection changes nothing: it is not resolved again.
    The certificate and the Host header stay those of the name.

    Args:
        inner: Connects.
        allowed: What is asked although it is private.
    """

    def __init__(
        self, inner: httpx.AsyncBaseTransport, *, resolver: Resolver, allowed: AllowedPlaces
    ) -> None:
        self._inner = inner
        self._resolve = resolver
        self._allowed = allowed

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host, port = request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)
        addresses = await self._checked(host, port)
        extensions = {**request.extensions, "sni_hostname": host}
        for nth, address in enumerate(addresses, 1):
            there = httpx.Request(
                request.method,
                request.url.copy_with(host=str(address)),
                headers=request.headers,
                stream=request.stream,
                extensions=extensions,
            )
            try:
                return await self._inner.handle_async_request(there)
            except httpx.ConnectError:
                if nth == len(addresses):
                    raise
        raise AssertionError("_checked returns at least one")

    async def _checked(self, host: str, port: int) -> list[Address]:
        """Return the addresses at which *host* may be asked, at least one."""
        try:
            return _permitted(host, await self._resolve(host, port), self._allowed)
        except (OSError, ValueError):  # of which UnicodeError is one
            raise OutboundFailed(OutboundProblem.UNKNOWN_HOST, "the host has no address") from None

    async def aclose(self) -> None:
        await self._inner.aclose()


def _permitted(host: str, addresses: Sequence[str], allowed: AllowedPlaces) -> list[Address]:
    """Return those of a host's *addresses* that may be asked, at least one.

    Raises:
        ValueError: there is no address. OutboundFailed: all of them are private.
    """
    parsed = [ipaddress.ip_address(each.partition("%")[0]) for each in addresses]
    if not parsed:
        raise ValueError("no address")
    good = [each for each in parsed if is_public(each) or allowed.has(host, each)]
    if not good:
        raise _forbidden()
    return good[:_MOST_TRIED]


def _forbidden() -> OutboundFailed:
    return OutboundFailed(OutboundProblem.FORBIDDEN_ADDRESS, "the host is at a private address")


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


async def exchange(
    call: Call, url: httpx.URL, terms: CallTerms, transport: httpx.AsyncBaseTransport, *, ends_at: float
) -> HttpAnswer:
    """Send *call* to *url* and read its answer, inside the caller's `asyncio.timeout`.

    Args:
        ends_at: When that is over, by the loop's clock.

    Raises:
        OutboundFailed: no complete answer came.
    """
    begun, left_s = time.monotonic(), max(ends_at - asyncio.get_running_loop().time(), 0.01)
    timeout = httpx.Timeout(left_s, connect=left_s * _CONNECTING)
    async with httpx.AsyncClient(transport=transport, timeout=timeout, trust_env=False) as client:
        request = client.build_request(
            call.method,
            url,
            headers={**_USUAL, **call.headers},
            json=call.json,
            data=call.form,
            content=call.content,
        )
        try:
            response = await client.send(request, stream=True)
            try:
                ends = _certificate_ends(response)
                content = await _body(response, terms)
            finally:
                await response.aclose()
        except (httpx.HTTPError, OSError) as error:
            raise _translated(error) from None  # its text may hold the address
    headers = {name.lower(): value for name, value in response.headers.items()}
    return HttpAnswer(response.status_code, headers, content, time.monotonic() - begun, ends)


async def _body(response: httpx.Response, terms: CallTerms) -> bytes:
    received = bytearray()
    async for chunk in response.aiter_bytes():
        received += chunk
        if len(received) > terms.most_bytes:
            if terms.cuts_body:
                break
            raise OutboundFailed(OutboundProblem.TOO_LARGE, "the answer is too long")
    return bytes(received[: terms.most_bytes])


def _certificate_ends(response: httpx.Response) -> float | None:
    stream = response.extensions.get("network_stream")
    session = None if stream is None else stream.get_extra_info("ssl_object")
    ends = (session.getpeercert() or {}).get("notAfter") if session is not None else None
    return None if ends is None else float(ssl.cert_time_to_seconds(ends))


def _translated(error: Exception) -> OutboundFailed:
    """Return our error for one of httpx's, without its words."""
    if isinstance(error, httpx.TimeoutException):
        return OutboundFailed(OutboundProblem.TIMEOUT, "no complete answer in time")
    if (tls_error := _tls_error(error)) is not None:
        said = getattr(tls_error, "verify_message", "") or "no TLS"
        # OpenSSL's words quote the host that was asked for.
        return OutboundFailed(OutboundProblem.TLS, said.partition(",")[0])
    if isinstance(error, httpx.ProxyError):
        return OutboundFailed(OutboundProblem.REFUSED, "the proxy does not let it through")
    return OutboundFailed(OutboundProblem.REFUSED, f"no answer: {type(error).__name__}")


def _tls_error(error: BaseException | None) -> ssl.SSLError | None:
    """Return the error of TLS that is behind *error*."""
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return error
        error = error.__cause__ or error.__context__
    return None


class Breakers:
    """The breakers of a process.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self._breakers: LRUCache[tuple[str, str], Breaker] = LRUCache(_MOST)

    def let_pass(self, host: str, terms: CallTerms, asked_at: float) -> None:
        """Let a request to *host* pass.

        Raises:
            OutboundFailed: the host failed several times in a row, or asked for a pause.
        """
        if not terms.has_breaker:
            return
        breaker = self._breakers.get((terms.system, host), Breaker())
        wait_s = breaker.wait_s(asked_at)
        if wait_s > 0:
            said = f"not asked for {wait_s:.0f} s after failures"
            raise OutboundFailed(OutboundProblem.PAUSED, said, retry_after_s=wait_s)
        self._breakers[terms.system, host] = breaker.asked(asked_at)

    def note_answer(self, host: str, terms: CallTerms) -> None:
        """Record an answer of *host*; a refusal counts as one."""
        self._breakers[terms.system, host] = Breaker()

    def note_failure(
        self, host: str, terms: CallTerms, asked_at: float, *, for_all_s: float | None = None
    ) -> None:
        """Record a failure, or that *host* asks for a pause of *for_all_s* seconds.

        A probe's failure is not one: a target that is down, asked again and again, would keep a page from
        ever leaving by the same host.
        """
        if not terms.has_breaker:
            return
        before = self._breakers.get((terms.system, host), Breaker())
        after = before.failed(self.clock(), asked_at=asked_at, for_all_s=for_all_s)
        if after.is_open and not before.is_open:
            log.warning("outbound.paused", system=terms.system, for_s=round(after.wait_s(self.clock())))
        self._breakers[terms.system, host] = after

    def give_back(self, host: str, terms: CallTerms, asked_at: float) -> None:
        """Record that the outcome of a request will never be known."""
        before = self._breakers.get((terms.system, host), Breaker())
        self._breakers[terms.system, host] = before.given_back(asked_at=asked_at)
