"""Who may talk to the local Discord: programs of this machine, and its own page; no other web page.

A browser on this machine runs code of every site that is open in it. Any of them can send requests to the
loopback interface, and a site whose name leads there (DNS rebinding) can even read the answers.
"""

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

REFUSED: Final = "the local Discord is for this machine, and its page for itself"
_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def is_loopback(host: str | None) -> bool:
    """True for ``localhost`` and the addresses of the loopback interface, v4 or v6."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


@web.middleware
async def own_only(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """403 for requests of foreign web pages, and for those that came here by another name.

    Browsers say in ``Origin`` whose code it is, and in ``Host`` by which name they came. Programs send no
    ``Origin``.
    """
    host, origin = request.headers.get("Host"), request.headers.get("Origin")
    by_other_name = host is not None and not is_loopback(_name(f"//{host}"))
    if by_other_name or origin not in (None, f"{request.scheme}://{host}"):
        return web.Response(status=403, text=REFUSED)
    return await handler(request)


def _name(url: str) -> str | None:
    """The host of *url*; None when it is none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
