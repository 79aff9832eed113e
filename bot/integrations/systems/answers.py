"""What the modules of this package share: reading answers, and asking for JSON."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from bot.domain.errors import OutboundFailed, OutboundProblem
from bot.integrations.outbound.call import Call, CallTerms
from bot.integrations.outbound.http import OutboundHttp

_Value = TypeVar("_Value")

#: Seconds for one question, with its retry: a check has several within its deadline.
QUESTION_S: Final = 4.0


async def ask(
    http: OutboundHttp,
    url: str,
    *,
    system: str,
    token: str | None = None,
    params: Mapping[str, str] | None = None,
) -> object:
    """Return the JSON at *url*.

    Raises:
        OutboundFailed: as `OutboundHttp.json`.
    """
    headers = {"Accept": "application/json"} | ({} if token is None else {"Authorization": f"Bearer {token}"})
    call = Call("GET", url, headers=headers, params=params or None)
    return await http.json(call, CallTerms(system, deadline_s=QUESTION_S))


def understood(read: Callable[[Any], _Value], body: object) -> _Value:
    """Return what *read* makes of *body*.

    Raises:
        OutboundFailed: it has another form than the system describes.
    """
    try:
        return read(body)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise OutboundFailed(OutboundProblem.NOT_JSON, "an answer of another form") from None


def moment(text: object) -> datetime:
    """Return the time of an answer, aware.

    Raises:
        ValueError: it is none, or has no zone.
    """
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("no zone")
    return at


def line(text: object, *, limit: int = 80) -> str:
    """Return *text* of a system on one line of at most *limit* characters."""
    words = " ".join(str(text or "").split())
    return words if len(words) <= limit else f"{words[: limit - 1]}…"
