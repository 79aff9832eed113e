"""Outgoing answers: status, headers and body bytes; a 429 in Discord's format.

Source: Discord's docs, Topics > Rate Limits > Exceeding A Rate Limit.
"""

import gzip
import json
import math
import zlib
from dataclasses import dataclass, field, replace

from local_discord.ratelimit import Verdict
from local_discord.world.kinds import JSON

VIA = {"Via": "1.1 google"}  # Discord's answers have it, a proxy's own pages do not
_JSON_TYPE = "application/json"  # exactly: no charset, as Discord sends it
_TOO_MANY = 429
BAN_PAGE = (
    "<!DOCTYPE html><html><head><title>Access denied</title></head><body>error code: 1015</body></html>"
)
#: Shorter bodies are sent as they are.
_WORTH_IT = 256  # bytes
_FAST = 1
_MESSAGES = {"shared": "The resource is being rate limited."}


@dataclass
class Answer:
    """Status, headers and body bytes.

    Attributes:
        is_cut: The connection is to end half-way through the body.
        closes: The connection is to end after it.
    """

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    closes: bool = False


def dump(value: object, status: int, headers: dict[str, str]) -> Answer:
    """*value* as JSON."""
    return Answer(status, json.dumps(value).encode(), headers | {"Content-Type": _JSON_TYPE})


def limited(verdict: Verdict, headers: dict[str, str], scope: str | None = None) -> Answer:
    """A 429: *scope* is ``user``, ``shared`` or ``global`` (by default as *verdict* says)."""
    scope = scope or ("global" if verdict.is_global else "user")
    wait_s = round(verdict.retry_after_s, 3)
    body: JSON = {
        "message": _MESSAGES.get(scope, "You are being rate limited."),
        "retry_after": wait_s,
        "global": scope == "global",
    }
    headers = headers | {"Retry-After": str(math.ceil(wait_s)), "X-RateLimit-Scope": scope}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    return dump(body, _TOO_MANY, headers)


def banned() -> Answer:
    """Cloudflare's page for an address that sent too many invalid requests: HTML, no ``Via``."""
    headers = {"Content-Type": "text/html; charset=UTF-8", "Server": "cloudflare", "Retry-After": "600"}
    return Answer(_TOO_MANY, BAN_PAGE.encode(), headers)


def compressed(answer: Answer, accepted: str) -> Answer:
    """*answer* as Discord sends it to who takes compressed ones: gzip, else deflate.

    Args:
        accepted: The request's ``Accept-Encoding``. Discord also speaks Brotli.

    Source: RFC 9110, 12.5.3. Discord's documentation names the compression of the gateway only.
    """
    wanted = [one.replace(" ", "").lower() for one in accepted.split(",")]
    offered = {one.partition(";")[0] for one in wanted if not one.endswith((";q=0", ";q=0.0"))}
    if len(answer.body) < _WORTH_IT or answer.is_cut or not offered & {"gzip", "deflate"}:
        return answer
    name = "gzip" if "gzip" in offered else "deflate"
    body = gzip.compress(answer.body, _FAST) if name == "gzip" else zlib.compress(answer.body, _FAST)
    headers = answer.headers | {"Content-Encoding": name, "Vary": "Accept-Encoding"}
    return replace(answer, body=body, headers=headers)
