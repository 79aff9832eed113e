"""What is asked of a system outside, how, and what its answer means."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

from bot.domain.errors import OutboundFailed, OutboundProblem


@dataclass(frozen=True, slots=True)
class Call:
    """A request, with a JSON body, a form, bytes, or nothing.

    Attributes:
        is_repeatable: Sent twice, it has the effect of once, by its own nature or by an idempotency key. A
            request that may have arrived is sent again only if so.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str] | None = field(default=None, repr=False)
    json: object = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    is_repeatable: bool = False

    @property
    def only_reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    @property
    def may_repeat(self) -> bool:
        return self.is_repeatable or self.only_reads


@dataclass(frozen=True, slots=True)
class CallTerms:
    """How a system is asked.

    Attributes:
        system: Its name in logs, and its breaker at a host: what fails by itself has a name of its own.
        deadline_s: Seconds for the call with its retries, from its begin to the last byte.
        most_bytes: Of an answer's body.
        cuts_body: Keep the beginning of a longer body, instead of failing.
        tries: How often one call is sent at most.
        has_breaker: Pause after several failures in a row. False for a probe, which asks whether it fails.
        follows: Follow redirects that stay on the host; False: a redirect is an answer like any other.
        allows_private: The operator's own policy names this address, so it may be private.
    """

    system: str
    deadline_s: float = 10.0
    most_bytes: int = 1 << 20
    cuts_body: bool = False
    tries: int = 2
    has_breaker: bool = True
    follows: bool = True
    allows_private: bool = False


_PROBLEMS: Final[Mapping[int, OutboundProblem]] = {
    HTTPStatus.UNAUTHORIZED: OutboundProblem.UNAUTHORISED,
    HTTPStatus.FORBIDDEN: OutboundProblem.FORBIDDEN,
    HTTPStatus.NOT_FOUND: OutboundProblem.NOT_FOUND,
    HTTPStatus.GONE: OutboundProblem.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: OutboundProblem.RATE_LIMITED,
}

#: The longest wait that is believed, seconds: some answer with a moment of years to come.
_LONGEST_WAIT_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer that is complete, whatever its status.

    Attributes:
        headers: With names in lower case.
        content: The body, decompressed.
        took_s: From the request's begin to the body's last byte, seconds.
        certificate_not_after: When the host's certificate ends, seconds since 1970; None without TLS.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes
    took_s: float = 0.0
    certificate_not_after: float | None = None

    @property
    def is_success(self) -> bool:
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def kind(self) -> str:
        """Return the content type without its parameters, in lower case; "" if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def retry_after_s(self, wall_clock: Callable[[], float] = time.time) -> float | None:
        """Return the seconds that the answer asks to wait; see `asked_wait_s`."""
        return asked_wait_s(self.headers.get("retry-after"), wall_clock)

    def require_success(self) -> "HttpAnswer":
        """Return the answer itself.

        Raises:
            OutboundFailed: its status is no success; the reason is the status alone, since a body may quote a
                secret.
        """
        if self.is_success:
            return self
        problem = _PROBLEMS.get(self.status)
        if problem is None:
            is_theirs = self.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            problem = OutboundProblem.SERVER_ERROR if is_theirs else OutboundProblem.REJECTED
        raise OutboundFailed(
            problem, f"HTTP {self.status}", http_status=self.status, retry_after_s=self.retry_after_s()
        )

    def json(self) -> object:
        """Return the JSON of a successful answer.

        Raises:
            OutboundFailed: as `require_success`; or the body is something else, such as a login page.
        """
        if self.require_success().kind == "text/html":
            raise self._not_json()
        try:
            value: object = json.loads(self.content)
        except (ValueError, RecursionError):
            raise self._not_json() from None
        return value

    def _not_json(self) -> OutboundFailed:
        kind = self.kind if self.kind.replace("/", "").replace("+", "").isalnum() else "something"
        said = f"answered with {kind} instead of JSON"
        return OutboundFailed(OutboundProblem.NOT_JSON, said, http_status=self.status)


def asked_wait_s(given: object, wall_clock: Callable[[], float] = time.time) -> float | None:
    """Return the seconds that a Retry-After, or another field like it, asks to wait: from 0 to a day.

    Args:
        given: Seconds, or a date of HTTP (RFC 9110, 10.2.3); anything else asks for nothing.
        wall_clock: Seconds since 1970, by the clock that a date is compared with.

    Returns:
        None if it does not ask.
    """
    text = str(given).strip()
    try:
        if text.replace(".", "", 1).isdecimal():
            asked_s = float(text)
        else:
            asked_s = parsedate_to_datetime(text).timestamp() - wall_clock()
        return min(max(asked_s, 0.0), _LONGEST_WAIT_S)
    except (ValueError, OverflowError):
        return None
