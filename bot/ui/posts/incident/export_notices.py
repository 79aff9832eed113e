"""The lines in the thread that tell of GitHub: pull requests, people's edits, what fails."""

from typing import Final

from bot.domain.export_notices import ExportFailedNotice, ExportKeptNotice
from bot.domain.incident.incident import Incident
from bot.domain.postmortem.pull_notices import (
    PullRequestClosedNotice,
    PullRequestConflictNotice,
    PullRequestNotice,
)
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, line
from bot.ui.words.export_words import url_of, why_of
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_PATH_LIMIT: Final = 300


def conflict(words: Wording, _incident: Incident, told: PullRequestConflictNotice) -> Body:
    """Compose the line about a draft that was not written, with what to do instead."""
    key = "conflict_removed" if told.is_removed else "conflict"
    path = inert(told.path, limit=_PATH_LIMIT)
    return message(words.say(f"exports.notice.{key}", path=path, url=url_of(told.url or "")).strip())


def failed(words: Wording, _incident: Incident, told: ExportFailedNotice) -> Body:
    """Compose the line about an export that fails, with the reason and what to do."""
    why = why_of(words, told.problem, told.reason)
    what = told.item or words.say("exports.notice.postmortem")
    return message(words.say("exports.notice.failed", what=inert(what, limit=40), why=why))


NOTICES: Final[NoticeLooks] = (
    line(PullRequestNotice, "exports.notice.pull_request", url=lambda _w, _i, told: url_of(told.url)),
    line(PullRequestClosedNotice, "exports.notice.closed", url=lambda _w, _i, told: url_of(told.url)),
    line(ExportKeptNotice, "exports.notice.kept", url=lambda _w, _i, told: url_of(told.url)),
    NoticeLook(PullRequestConflictNotice, conflict),
    NoticeLook(ExportFailedNotice, failed),
)
