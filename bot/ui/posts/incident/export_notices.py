"""The lines in the thread about any export to GitHub: what fails, and what stays there."""

from typing import Final

from bot.domain.code_host import ExportFailedNotice, ExportKeptNotice
from bot.domain.incident.incident import Incident
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, line
from bot.ui.words.export_words import url_of, why_of
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


def failed(words: Wording, _incident: Incident, notice: ExportFailedNotice) -> Body:
    """Compose the line about an export that fails, with the reason and what to do."""
    why = why_of(words, notice.problem, notice.reason)
    what = notice.item or words.say("exports.notice.postmortem")
    return message(words.say("exports.notice.failed", what=inert(what, limit=40), why=why))


NOTICES: Final[NoticeLooks] = (
    line(ExportKeptNotice, "exports.notice.kept", url=lambda _w, _i, notice: url_of(notice.url)),
    NoticeLook(ExportFailedNotice, failed),
)
