"""The one family of errors that the bot raises on purpose, and the problems of requests to systems outside.

Anything outside the family is a bug. Where each is turned into words: `bot.ui.errors` for a person
in Discord, `bot.cli` for the command line.
"""

from collections.abc import Collection
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from bot.domain.code_host import CodeHostProblem


class OutboundProblem(StrEnum):
    """Why a request has no usable answer. A text for people exists for each."""

    TIMEOUT = "timeout"  # no complete answer within the deadline
    REFUSED = "refused"  # no connection, or it broke off
    UNKNOWN_HOST = "unknown_host"  # the name has no address
    FORBIDDEN_ADDRESS = "forbidden_address"  # the address is private, or not http(s) at all
    TLS = "tls"  # the certificate does not match, has expired, or is not trusted
    REDIRECT = "redirect"  # to another host, or too often
    TOO_LARGE = "too_large"  # the answer's body
    NOT_JSON = "not_json"  # HTML of a captive portal or a login page, for instance
    UNAUTHORISED = "unauthorised"  # 401: the token is wrong or has expired
    FORBIDDEN = "forbidden"  # 403
    NOT_FOUND = "not_found"  # 404 or 410
    RATE_LIMITED = "rate_limited"  # 429
    REJECTED = "rejected"  # another 4xx: the request is wrong, and stays so
    SERVER_ERROR = "server_error"  # 5xx
    PAUSED = "paused"  # not asked: the host failed several times in a row, or asked for a pause

    @property
    def is_final(self) -> bool:
        """Return True if the same request fails again until a person changes something."""
        return self in _FINAL


_FINAL = frozenset(
    {
        OutboundProblem.FORBIDDEN_ADDRESS,
        OutboundProblem.TLS,
        OutboundProblem.REDIRECT,
        OutboundProblem.UNAUTHORISED,
        OutboundProblem.FORBIDDEN,
        OutboundProblem.NOT_FOUND,
        OutboundProblem.REJECTED,
    }
)


#: Discord's JSON error code Unknown Message; to a nonce it says that the message was posted and then deleted.
UNKNOWN_MESSAGE: Final = 10008

#: Discord's JSON error code Unknown Channel: the channel or thread was deleted.
UNKNOWN_CHANNEL: Final = 10003

#: Unknown Member, Unknown User.
_NO_MEMBER: Final = frozenset({10007, 10013})


class BotError(Exception):
    """Base of every error raised on purpose."""


class UserError(BotError):
    """A person asked for something that cannot be done; the reply says why and what to do.

    Args:
        key: The text's key below ``errors.`` in `bot.i18n`.
        fields: The text's placeholders.
    """

    def __init__(self, key: str, **fields: object) -> None:
        super().__init__(key, fields)
        self.key = key
        self.fields = fields


class IncidentNotFound(UserError):
    """No incident has this number or owns this message."""

    def __init__(self, **fields: object) -> None:
        super().__init__("incident_not_found", **fields)


class RecordedRefusal(UserError):
    """The request is refused although the person has the permission for it.

    The refusal is recorded in the audit log, like a missing permission.
    """


class InvalidTransition(UserError):
    """The incident's state does not allow this, for instance resolving it twice."""


class DrillAndReal(InvalidTransition, RecordedRefusal):
    """The request would connect a drill with a real incident.

    Args:
        drill, real: The names of the two.
    """

    def __init__(self, *, drill: str, real: str) -> None:
        super().__init__("drill_and_real", drill=drill, real=real)


class NotPermitted(UserError):
    """The person has none of the roles that the policy asks for.

    Args:
        action: The policy's key below ``[permissions]``.
        roles: The role names that would do, in the policy's order.
    """

    def __init__(self, *, action: str, roles: tuple[str, ...]) -> None:
        super().__init__("not_permitted", action=action, roles=roles)


class UnavailableError(BotError):
    """A part we depend on is away; the same call may succeed later."""


class NewerVersion(UnavailableError):
    """A newer version wrote data that this one does not know; a process of the newer version handles it."""


class StorageUnavailable(UnavailableError):
    """PostgreSQL cannot be reached, or refuses to write."""


class StorageBroken(StorageUnavailable):
    """PostgreSQL answers, but the bot's tables are missing, changed, or not accessible any more.

    The bot cannot repair that. The same call succeeds once a person has.
    """


class LockConflict(StorageUnavailable):
    """Another transaction holds or has just changed a row that this one needs; a retry succeeds very soon."""


class DlqUnavailable(StorageUnavailable):
    """The DLQ cannot be asked: its database is away, or has no such table; everything else works."""


class DlqChanged(DlqUnavailable):
    """The DLQ's table, or the bot's right to it, is not as it was when it was last looked at."""


class UpstreamUnavailable(UnavailableError):
    """An HTTP or SMTP peer is away or asks us to wait.

    Args:
        reason: One line without secrets.
        http_status: The answer's status, if there was an answer.
        retry_after_s: Seconds to wait as the peer asked, >= 0.
    """

    def __init__(
        self, reason: str, *, http_status: int | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.http_status = http_status
        self.retry_after_s = retry_after_s

    @property
    def capacity_in(self) -> timedelta | None:
        """Return the time until the limit has capacity; None without one, or if the peer did not say."""
        if self.http_status != HTTPStatus.TOO_MANY_REQUESTS or self.retry_after_s is None:
            return None
        return timedelta(seconds=self.retry_after_s)


class OutboundFailed(UpstreamUnavailable):
    """A request to a system outside has no usable answer (`bot.integrations.outbound`).

    Args:
        problem: What is wrong.
        reason: One line without secrets and without the address.
    """

    def __init__(
        self,
        problem: OutboundProblem,
        reason: str,
        *,
        http_status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(reason, http_status=http_status, retry_after_s=retry_after_s)
        self.problem = problem


class Superseded(BotError):
    """The event came by a shard that now belongs to another process. That one got the event as well, so this
    process does nothing.
    """


class DiscordAway(UpstreamUnavailable):
    """Discord answers no requests for now; `retry_after_s` says when the next one may be made."""

    @property
    def capacity_in(self) -> None:
        """Return None: this is no rate limit of a route, even if the status is 429."""
        return None


class Crowded(UpstreamUnavailable):
    """The rate limit of a route has no capacity now: nothing was sent, and that is no failure.

    Args:
        capacity_in_s: Seconds until there is capacity, > 0.
        asked_s: The part of them that Discord itself asks for; the rest is the bot's own queue.
    """

    def __init__(self, capacity_in_s: float, *, asked_s: float = 0.0) -> None:
        reason = f"rate limited: no room on this route for {capacity_in_s:.1f} s"
        super().__init__(reason, http_status=HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=capacity_in_s)
        self.asked = timedelta(seconds=asked_s)

    @property
    def capacity_in(self) -> timedelta:
        """Return the time until there is capacity."""
        return timedelta(seconds=self.retry_after_s or 0.0)


class TemporarilyRefused(UpstreamUnavailable):
    """Discord refuses this request for now, and answers other requests as usual."""


class DeliveryRefused(BotError):
    """Discord will never take this message as it is: no permission, no such channel, DM closed.

    Args:
        reason: One line without secrets.
        http_status: HTTP status of the refusal.
        code: Discord's JSON error code, 0 when there was none.
    """

    def __init__(self, reason: str, *, http_status: int, code: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.http_status = http_status
        self.code = code

    @property
    def is_no_member(self) -> bool:
        """Return True if the person does not exist, or is not in that server or thread."""
        return self.code in _NO_MEMBER


class DeletedSince(DeliveryRefused):
    """Discord accepted this message before, under the same nonce, and it was deleted since.

    Args:
        channel_id: Where it was posted.
    """

    def __init__(self, reason: str, *, channel_id: int) -> None:
        super().__init__(reason, http_status=HTTPStatus.NOT_FOUND, code=UNKNOWN_MESSAGE)
        self.channel_id = channel_id


class CodeHostRefused(BotError):
    """The code host (GitHub) refuses a request, and will again until a person changes something.

    Args:
        problem: What is wrong.
        reason: One line without secrets, in the host's words.
        http_status: Its status.
        fields: The names of the fields that it does not accept, if it names any.
    """

    def __init__(
        self, problem: CodeHostProblem, reason: str, *, http_status: int, fields: Collection[str] = ()
    ) -> None:
        super().__init__(problem, reason)
        self.problem = problem
        self.reason = reason
        self.http_status = http_status
        self.fields = frozenset(fields)


class ConfigError(BotError):
    """The set-up is wrong: names the key, the value and what is allowed. Ends the process with 2."""


class ErrorWithoutMessage(BotError):
    """A bug's error as the log shows it: its type and its traceback, without its message."""


def without_message(error: Exception) -> ErrorWithoutMessage:
    """Return *error* for a log, without its message, which may quote what a stranger has sent."""
    return ErrorWithoutMessage(type(error).__name__).with_traceback(error.__traceback__)
