"""A DLQ entry sent again: its message as it was meant, and a small line that says what this is."""

from collections.abc import Mapping
from typing import Final

from bot.domain.delivery.delivery import Delivery, DeliveryKind
from bot.domain.dlq import ReplayData
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, message
from bot.ui.posts.looks import Renderers, alone
from bot.ui.words.inert import cut, inert
from bot.ui.words.wording import Wording

_EMBEDS_LIMIT = 10  # Discord: embeds of a message
_ENTRY_DIGITS = 8


def replay(words: Wording, delivery: Delivery) -> Body:
    """Compose the stored message. It never pings, even if its text has a mention: the moment has passed."""
    data = ReplayData.from_json(delivery.data)
    body = data.body
    line = words.say(
        "replay.line",
        who=inert(data.by or "?", limit=80),
        at=words.moment(delivery.created_at),
        entry=inert(data.entry, limit=40)[:_ENTRY_DIGITS],
    )
    content = cut(str(body.get("content") or ""), limit=CONTENT_LIMIT - len(line) - 1)
    embeds = body.get("embeds")
    return message(
        f"{content}\n{line}".strip(),
        embeds=[dict(made) for made in embeds[:_EMBEDS_LIMIT] if isinstance(made, Mapping)]
        if isinstance(embeds, list | tuple)
        else (),
    )


RENDERERS: Final[Renderers] = {DeliveryKind.REPLAY: alone(replay)}
