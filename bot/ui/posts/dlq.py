"""Undelivered notifications in words: where one was to go, and what Discord has answered."""

from typing import Final

from bot.domain.dlq import MUTE
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_DM: Final = ("person:", "user:", "named:")


def where(channel: str | None, *, limit: int = 80) -> str:
    """Return a stored channel name with one '#', "DM @primary" for a page of ours, "-" for none."""
    if channel is None:
        return "-"
    for kind in _DM:
        if channel.startswith(kind):
            return f"DM @{inert(channel.removeprefix(kind), limit=limit)}"
    return f"#{inert(channel.lstrip('#'), limit=limit)}"


def answer(words: Wording, http_status: int | None, error: str | None) -> str:
    """Return Discord's answer, such as "HTTP 503"; else "no answer", or "posted, but @here did not ping"."""
    if http_status is not None:
        return f"HTTP {http_status}"
    is_mute = error is not None and error.startswith(MUTE)
    return words.say("consoles.dlq.not_rung" if is_mute else "consoles.dlq.no_answer")
