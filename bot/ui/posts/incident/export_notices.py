"""The lines in the thread that tell of GitHub: pull requests, people's edits, what fails."""

from typing import Final

from bot.domain.export_notices import ExportFailedNotice, ExportKeptNotice, UnassignableNotice
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.pull_notices import (
    PullRequestClosedNotice,
    PullRequestConflictNotice,
    PullRequestNotice,
)
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, line
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_URL_LIMIT: Final = 300
_PATH_LIMIT: Final = 300
_REASON_LIMIT: Final = 300

_WHYS: Final = ("token", "permission", "not_found", "conflict", "invalid", "away")


def conflict(words: Wording, _incident: Incident, told: PullRequestConflictNotice) -> Body:
    """Compose the line about a draft that was not written, with what to do instead."""
    key = "conflict_removed" if told.is_removed else "conflict"
    path = inert(told.path, limit=_PATH_LIMIT)
    return message(words.say(f"exports.notice.{key}", path=path, url=_url(told.url or "")).strip())


def failed(words: Wording, _incident: Incident, told: ExportFailedNotice) -> Body:
    """Compose the line about an export that fails, with the reason and what to do."""
    known = told.problem if told.problem in _WHYS else "away"  # a newer version may know more problems
    why = words.say(f"exports.why.{known}", reason=inert(told.reason, limit=_REASON_LIMIT))
    what = told.item or words.say("exports.notice.postmortem")
    return message(words.say("exports.notice.failed", what=inert(what, limit=40), why=why))


def _url(url: str) -> str:
    return inert(url, limit=_URL_LIMIT)


NOTICES: Final[NoticeLooks] = (
    line(PullRequestNotice, "exports.notice.pull_request", url=lambda _w, _i, told: _url(told.url)),
    line(PullRequestClosedNotice, "exports.notice.closed", url=lambda _w, _i, told: _url(told.url)),
    line(ExportKeptNotice, "exports.notice.kept", url=lambda _w, _i, told: _url(told.url)),
    line(
        UnassignableNotice,
        "exports.notice.unassignable",
        item=lambda _w, _i, told: inert(told.item, limit=40),
        login=lambda _w, _i, told: inert(told.login, limit=40),
        url=lambda _w, _i, told: _url(told.url),
    ),
    NoticeLook(PullRequestConflictNotice, conflict),
    NoticeLook(ExportFailedNotice, failed),
)
