"""GitHub's error answers, as the bot's own errors."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from bot.domain.code_host import CodeHostProblem
from bot.domain.errors import BotError, CodeHostRefused, UpstreamUnavailable
from bot.domain.text import one_line

#: Characters of GitHub's message that are kept.
_MESSAGE: Final = 200

_PROBLEMS: Final[Mapping[int, CodeHostProblem]] = {
    HTTPStatus.UNAUTHORIZED: CodeHostProblem.TOKEN,
    HTTPStatus.FORBIDDEN: CodeHostProblem.PERMISSION,
    HTTPStatus.NOT_FOUND: CodeHostProblem.NOT_FOUND,
    HTTPStatus.GONE: CodeHostProblem.NOT_FOUND,  # the repository has no issues, or this one was deleted
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: CodeHostProblem.NOT_FOUND,
    HTTPStatus.CONFLICT: CodeHostProblem.CONFLICT,
}


def refusal(status: int, body: object) -> BotError:
    """Return the error for an answer that is no success and not about a rate limit.

    Args:
        body: Its JSON; None if it had none that can be read.
    """
    message = message_of(body)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return UpstreamUnavailable(f"GitHub answered {status}", http_status=status)
    if body is None:  # a proxy's page, a captive portal, a wrong address: not GitHub's word on anything
        return UpstreamUnavailable(f"the answer {status} is not GitHub's JSON", http_status=status)
    problem = _PROBLEMS.get(status, CodeHostProblem.INVALID)
    fields = {str(each["field"]) for each in _errors(body) if each.get("field")}
    return CodeHostRefused(problem, message or f"HTTP {status}", http_status=status, fields=fields)


def message_of(body: object) -> str:
    """Return what an error says, in one line; empty if it says nothing."""
    if not isinstance(body, Mapping):
        return ""
    details = [str(each.get("message") or "") for each in _errors(body)]
    said = "; ".join(part for part in (str(body.get("message") or ""), *details) if part)
    return one_line(said, limit=_MESSAGE)


def _errors(body: object) -> Iterator[Mapping[str, object]]:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    return (each for each in errors if isinstance(each, Mapping)) if isinstance(errors, list) else iter(())
