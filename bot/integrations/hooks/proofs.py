"""The proofs that a request comes from its source: a signature, a token, a password, or a recent time."""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.domain.hooks.hook import HookRefused, HookRequest

#: How old or how far ahead a signed time may be. Source: Standard Webhooks, "Verifying webhook authenticity".
TOLERANCE: Final = timedelta(minutes=5)


def hex_signatures(keys: Sequence[str], signed: bytes) -> list[str]:
    """Return the HMAC-SHA256 of *signed* by each of *keys*, 64 hex digits."""
    return [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in keys]


def is_one_of(given: str, expected: Iterable[str]) -> bool:
    """Return True if *given* is one of *expected*. The time that it takes does not say how much is right."""
    said = given.encode("utf-8", "replace")
    matches = [hmac.compare_digest(said, one.encode()) for one in expected]
    return any(matches)


def require_signature(given: str, expected: Iterable[str]) -> None:
    """Check that the signature *given* is one of *expected*.

    Raises:
        HookRefused.
    """
    if not is_one_of(given.strip().lower(), expected):
        raise HookRefused("signature")


def require_recent(seconds: str, now: datetime) -> datetime:
    """Return the signed time *seconds*, which is Unix time.

    Raises:
        HookRefused: it is no time, or `TOLERANCE` away from *now*.
    """
    try:
        signed_at = datetime.fromtimestamp(int(seconds.strip()), UTC)
    except (ValueError, OverflowError, OSError):
        raise HookRefused("signature") from None
    if abs(now - signed_at) > TOLERANCE:
        raise HookRefused("too_old")
    return signed_at


def require_credentials(request: HookRequest, keys: Sequence[str]) -> None:
    """Check that the request carries one of *keys*; see `has_credentials`.

    Raises:
        HookRefused.
    """
    if not has_credentials(request, keys):
        raise HookRefused("credentials")


def has_credentials(request: HookRequest, keys: Sequence[str]) -> bool:
    """Return True if the request carries one of *keys*.

    A key is its bearer token, or of basic authentication the password or "name:password".
    """
    scheme, _, said = request.headers.get("authorization", "").strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return is_one_of(said.strip(), keys)
        case "basic":
            both = _name_and_password(said)
            return is_one_of(both, keys) or is_one_of(both.partition(":")[2], keys)
    return False


def _name_and_password(encoded: str) -> str:
    """Return the "name:password" of basic authentication; empty if it cannot be read.

    Source: RFC 7617.
    """
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode()
    except ValueError:
        return ""
