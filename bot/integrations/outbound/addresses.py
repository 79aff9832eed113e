"""Which addresses a request may connect to, and the transport that connects to the very one it checked."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeAlias

import httpx

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.outbound.places import Address, AllowedPlaces, is_public

#: Returns the addresses of a host's name. Raises OSError if it has none.
Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


#: A name server that is away keeps each of these for seconds. The loop's own threads are for everything else:
#: without them the bot could not even resolve Discord's name.
_RESOLVING: Final = ThreadPoolExecutor(max_workers=8, thread_name_prefix="resolving")

#: A host with more addresses than this is not tried at all of them: the deadline would be over.
_MOST_TRIED: Final = 3


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
