"""Words about exports to the code host: where they are, what is wrong, and what to do."""

from typing import Final

from bot.domain.code_host import ExportTrouble
from bot.ui.words.inert import inert, plain
from bot.ui.words.voice import Voice
from bot.ui.words.wording import Wording

_URL_LIMIT: Final = 300
_REASON_LIMIT: Final = 300

_TITLE_LIMIT: Final = 200  # GitHub: 256 characters, with the label before it

#: On GitHub, @ notifies people and # refers to issues, which a commit can close; their full-width twins read
#: the same and do neither.
TWINS: Final = {ord("@"): "＠", ord("#"): "＃"}

_WHYS: Final = ("token", "permission", "not_found", "conflict", "invalid", "away")


def url_of(url: str) -> str:
    """Return an address that the code host gave, as a link without a preview."""
    return inert(url, limit=_URL_LIMIT)


def why_of(words: Wording, problem: str, reason: str) -> str:
    """Return why an export fails, and what a person can do about it."""
    known = problem if problem in _WHYS else "away"  # a newer version may know more problems
    return words.say(f"exports.why.{known}", reason=inert(reason, limit=_REASON_LIMIT))


def trouble_lines(voice: Voice, trouble: ExportTrouble | None, *, is_over: bool) -> list[str]:
    """Return what is wrong with an export, if anything is."""
    if trouble is None:
        return []
    key = "given_up" if is_over else "trying"
    return [voice.say(f"exports.screen.{key}", why=why_of(voice, trouble.problem, trouble.reason))]


def with_marker(body: str, marker: str) -> str:
    """Return a body with the bot's marker below it."""
    return f"{body.strip()}\n\n{marker}\n"


def unmarked(text: str) -> str:
    """Return people's words for a title, which has no markup."""
    return plain(text, limit=_TITLE_LIMIT).translate(TWINS)
