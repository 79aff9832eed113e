"""GitHub's JSON, as values."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from bot.domain.code_host import Issue, PullRequest, PullState
from bot.domain.errors import UpstreamUnavailable

_Value = TypeVar("_Value")


def parsed(read: Callable[[Any], _Value], body: object) -> _Value:
    """Return what *read* makes of *body*.

    Raises:
        UpstreamUnavailable: it is not what GitHub describes.
    """
    try:
        return read(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UpstreamUnavailable(f"GitHub's answer cannot be read: {type(error).__name__}") from None


def pull_request(body: Mapping[str, Any]) -> PullRequest:
    """Read a pull request, as a whole or as an item of a list."""
    is_merged = body["merged_at"] is not None
    state = PullState.MERGED if is_merged else PullState(body["state"])
    return PullRequest(
        number=int(body["number"]),
        url=str(body["html_url"]),
        state=state,
        branch=str(body["head"]["ref"]),
        title=str(body["title"]),
        body=str(body["body"] or ""),
        merged_by=_login(body.get("merged_by")),
    )


def issue(body: Mapping[str, Any]) -> Issue:
    """Read an issue."""
    is_open = body["state"] == "open"
    return Issue(
        number=int(body["number"]),
        url=str(body["html_url"]),
        title=str(body["title"]),
        body=str(body.get("body") or ""),
        is_open=is_open,
        is_planned=body.get("state_reason") not in {"not_planned", "duplicate"},
        assignees=tuple(str(each["login"]) for each in body.get("assignees") or ()),
        updated_at=datetime.fromisoformat(body["updated_at"]),
        closed_by=None if is_open else _login(body.get("closed_by")),
    )


def repository_of(body: Mapping[str, Any]) -> str:
    """Read the ``owner/name`` of the repository that an issue is in."""
    return "/".join(str(body["repository_url"]).split("/")[-2:])


def _login(user: Mapping[str, Any] | None) -> str | None:
    return None if user is None else str(user["login"])
