"""Words about exports to the code host: where they are, what is wrong, and what to do."""

from typing import Final

from bot.domain.exports import ExportTrouble
from bot.domain.postmortem.pull import PullExport
from bot.ui.words.inert import inert
from bot.ui.words.voice import Voice
from bot.ui.words.wording import Wording

_URL_LIMIT: Final = 300
_REASON_LIMIT: Final = 300

_WHYS: Final = ("token", "permission", "not_found", "conflict", "invalid", "away")


def url_of(url: str) -> str:
    """Return an address that the code host gave, as a link without a preview."""
    return inert(url, limit=_URL_LIMIT)


def why_of(words: Wording, problem: str, reason: str) -> str:
    """Return why an export fails, and what a person can do about it."""
    known = problem if problem in _WHYS else "away"  # a newer version may know more problems
    return words.say(f"exports.why.{known}", reason=inert(reason, limit=_REASON_LIMIT))


def pull_lines(voice: Voice, export: PullExport | None) -> list[str]:
    """Return where the pull request of a postmortem is, and what is wrong with it; nothing without one."""
    if export is None:
        return []
    shown = []
    if export.url is not None:
        key = f"exports.screen.pull_{export.state.value}"
        shown.append(voice.say(key, url=url_of(export.url)))
    if export.conflict is not None:
        shown.append(voice.say("exports.screen.conflict"))
    return [*shown, *trouble_lines(voice, export.trouble, is_over=export.next_at is None)]


def trouble_lines(voice: Voice, trouble: ExportTrouble | None, *, is_over: bool) -> list[str]:
    """Return what is wrong with an export, if anything is."""
    if trouble is None:
        return []
    key = "given_up" if is_over else "trying"
    return [voice.say(f"exports.screen.{key}", why=why_of(voice, trouble.problem, trouble.reason))]
