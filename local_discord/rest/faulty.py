"""The effect of injected faults on requests.

Source of the headers: Discord's docs, Topics > Rate Limits (429), and what Cloudflare puts on its own pages.
"""

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from http import HTTPStatus

from aiohttp import web

from local_discord.faults.faults import Fault
from local_discord.ratelimit import Verdict
from local_discord.rest.answers import BAN_PAGE, VIA, Answer, dump, limited

_TOO_MANY = 429
_BAD_GATEWAY = 502
_LOOK_S = 0.05
_TITLES = {
    520: "Web server is returning an unknown error",
    522: "Connection timed out",
    524: "A timeout occurred",
}
_HTML = """<!DOCTYPE html>
<html lang="en-US">
<head><title>discord.com | {status}: {title}</title></head>
<body><h1>{title} <span>Error code {status}</span></h1><p>Cloudflare Ray ID: <strong>{ray}</strong></p></body>
</html>
"""


async def suffer(
    request: web.Request, fault: Fault, run: Callable[[], Awaitable[Answer | None]]
) -> Answer | None:
    """The answer to *request* under *fault*; None when the connection is to be reset.

    Args:
        request: The request; while it waits its client may leave, and then nothing takes effect.
        fault: What goes wrong.
        run: Handles the request as if nothing were wrong.
    """
    if fault.reset == "before":
        return None
    takes_effect = fault.after or fault.reset == "after" or fault.body in ("malformed", "truncated")
    answer = await run() if takes_effect else None
    if fault.delay_s:
        await asyncio.sleep(fault.delay_s)
    if fault.black_hole:
        while not has_left(request):  # noqa: ASYNC110 (aiohttp has no event for a client that leaves)
            await asyncio.sleep(_LOOK_S)
    if fault.reset == "after" or has_left(request):
        return None
    return _answer(fault, answer) or answer or await run()


def has_left(request: web.Request) -> bool:
    """True when the client closed the connection."""
    return request.transport is None or request.transport.is_closing()


def reset(request: web.Request) -> None:
    """End the TCP connection with RST, so that the client sees ECONNRESET and not an orderly end."""
    transport = request.transport
    if transport is None:
        return
    linger_off = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_off)
    transport.abort()


async def cut(request: web.Request, answer: Answer) -> web.StreamResponse:
    """Promise the whole body, send half of it, and close."""
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = len(answer.body)
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport:
        request.transport.close()
    return response


def _answer(fault: Fault, real: Answer | None) -> Answer | None:
    """Return the answer with which *fault* replaces the *real* one; None when it replaces nothing."""
    if real and fault.body == "malformed":
        return Answer(real.status, real.body[: len(real.body) // 2], real.headers)
    if real and fault.body == "truncated":
        return Answer(real.status, real.body, real.headers, is_cut=True)
    if fault.body == "html":
        return _html(fault)
    if fault.status == _TOO_MANY:
        return _limited(fault)
    if fault.status:
        text = fault.message or f"{fault.status}: {_title(fault.status)}"
        answer = dump({"message": text, "code": fault.code}, fault.status, VIA)
        answer.headers |= fault.headers
        return answer
    return None


def _limited(fault: Fault) -> Answer:
    wait_s = 1.0 if fault.retry_after is None else fault.retry_after
    verdict = Verdict(passed=False, headers={}, retry_after_s=wait_s, is_global=fault.scope == "global")
    headers = dict(VIA)
    if fault.scope != "global":  # the global limit belongs to no bucket
        headers |= {
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": f"{time.time() + wait_s:.3f}",
            "X-RateLimit-Reset-After": f"{wait_s:.3f}",
            "X-RateLimit-Bucket": sha256(fault.route.encode()).hexdigest()[:32],
        }
    answer = limited(verdict, headers, fault.scope)
    answer.headers |= fault.headers
    return answer


def _html(fault: Fault) -> Answer:
    """A page of Cloudflare's: HTML, its own headers, no ``Via``; 429 is its ban of an address (1015)."""
    status = fault.status or _BAD_GATEWAY
    ray = secrets.token_hex(8)
    headers = {
        "Content-Type": "text/html; charset=UTF-8",
        "Server": "cloudflare",
        "CF-RAY": f"{ray}-NRT",
        "Cache-Control": "private, max-age=0, no-store, no-cache, must-revalidate, post-check=0, pre-check=0",
        "Expires": "Thu, 01 Jan 1970 00:00:01 GMT",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "SAMEORIGIN",
        **fault.headers,
    }
    if fault.retry_after is not None:
        headers["Retry-After"] = str(int(fault.retry_after))
    page = BAN_PAGE if status == _TOO_MANY else _HTML.format(status=status, title=_title(status), ray=ray)
    return Answer(status, page.encode(), headers)


def _title(status: int) -> str:
    if status in _TITLES:
        return _TITLES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown error"
