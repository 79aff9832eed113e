"""The words for a row of the DLQ, wherever it is shown: its destination and Discord's answer."""

from bot.domain.dlq import MUTE
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_DM = ("person:", "user:", "named:")


def where(channel: str, *, limit: int = 80) -> str:
    """Return a stored channel name with one '#', or "DM @primary" for a page of ours."""
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
