"""GitHub's rate limits: what its answers say about them, and when the next request may go out.

Source: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from bot.domain.errors import UpstreamUnavailable
from bot.integrations.outbound.answers import asked_wait_s

#: The first and the longest pause after a secondary limit that does not say how long it lasts, seconds.
_SECONDARY_S: Final = (60.0, 900.0)

#: The primary limit's window is an hour; no answer makes the bot wait for longer than this, seconds.
_LONGEST_S: Final = 3600.0

_REFUSED: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


class Limits:
    """The limits of one token, which all its requests share.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = float("-inf")
        self._secondary_in_a_row = 0

    def check(self) -> None:
        """Let a request pass.

        Raises:
            UpstreamUnavailable: GitHub has asked to wait; a request before that could get the token banned.
        """
        left_s = self._until - self._clock()
        if left_s > 0:
            raise limited(left_s)

    def note(self, status: int, headers: Mapping[str, str], *, says_limited: bool = False) -> float | None:
        """Learn from an answer.

        Args:
            headers: With names in lower case.
            says_limited: Its message speaks of a rate limit.

        Returns:
            Seconds to wait if the request was refused because of a limit, else None.
        """
        is_spent = headers.get("x-ratelimit-remaining") == "0"
        is_limited = status in _REFUSED and (
            status == HTTPStatus.TOO_MANY_REQUESTS or "retry-after" in headers or is_spent or says_limited
        )
        wait_s = _asked_s(headers, is_spent=is_spent)
        if is_limited and wait_s is None:
            wait_s = min(_SECONDARY_S[0] * 2**self._secondary_in_a_row, _SECONDARY_S[1])
        self._secondary_in_a_row = min(self._secondary_in_a_row + 1, 10) if is_limited else 0
        if wait_s is None or not (is_limited or is_spent):
            return None
        wait_s = min(wait_s, _LONGEST_S)
        self._until = max(self._until, self._clock() + wait_s)
        return wait_s if is_limited else None


def limited(wait_s: float) -> UpstreamUnavailable:
    """Return the error for a request that a limit has no room for."""
    reason = f"GitHub's rate limit has no room for {wait_s:.0f} s"
    return UpstreamUnavailable(reason, http_status=HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=wait_s)


def _asked_s(headers: Mapping[str, str], *, is_spent: bool) -> float | None:
    """Return the seconds that an answer asks to wait: until the window's end, by GitHub's own clock."""
    if "retry-after" in headers:
        asked_s = asked_wait_s(headers["retry-after"])
        return None if asked_s is None else max(asked_s, 1.0)
    try:
        if is_spent:
            now_s = parsedate_to_datetime(headers["date"]).timestamp()
            return max(float(headers["x-ratelimit-reset"]) - now_s, 1.0)
    except (KeyError, ValueError):
        return None
    return None
