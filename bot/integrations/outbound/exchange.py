"""One exchange: a request goes out on a connection of its own, and its whole answer comes back."""

import asyncio
import ssl
import time
from importlib.metadata import version
from typing import Final

import httpx

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.outbound.answers import HttpAnswer
from bot.integrations.outbound.call import Call, CallTerms

#: No compression: a few bytes could become a gigabyte before they are counted.
_USUAL: Final = {"Accept-Encoding": "identity", "User-Agent": f"incident-bot/{version('incident-bot')}"}

#: The part of the remaining time that the connection may take, and its TLS handshake once more. A handshake
#: that is cancelled from outside leaves its socket open (httpcore 1.0.9); one that times out does not.
_CONNECTING: Final = 0.45


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
