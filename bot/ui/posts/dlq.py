"""The DLQ in words: a row's destination and Discord's answer, and an entry that is sent again."""

from collections.abc import Mapping
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq.failures import MUTE, short_id
from bot.domain.dlq.replays import REPLAYED_AS, ReplayData
from bot.domain.text import cut
from bot.ui.posts.bodies import CONTENT_LIMIT, Body, message
from bot.ui.posts.looks import Renderers, alone
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_DM = ("person:", "user:", "named:")


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


#: The answers of Discord that a person can do something about.
_ADVISED: Final = frozenset({400, 401, 403, 404, 413, 429})


def advice(words: Wording, http_status: int | None) -> str:
    """Return what to do about Discord's refusal of a replay; "" if nothing special is."""
    return words.say(f"replay.advice.http_{http_status}") if http_status in _ADVISED else ""


_EMBEDS_LIMIT = 10  # Discord: embeds of a message


def replay(words: Wording, delivery: Delivery) -> Body:
    """Compose the stored message. It pings no one unless a person has decided so: the moment has passed."""
    data = ReplayData.from_json(delivery.data)
    body = data.body
    line = words.say(
        "replay.line",
        who=inert(data.by or "?", limit=80),
        at=words.moment(delivery.created_at),
        entry=inert(short_id(data.entry), limit=40),
    )
    content = cut(str(body.get("content") or ""), limit=CONTENT_LIMIT - len(line) - 1)
    embeds = body.get("embeds")
    made = message(
        f"{content}\n{line}".strip(),
        embeds=[dict(made) for made in embeds[:_EMBEDS_LIMIT] if isinstance(made, Mapping)]
        if isinstance(embeds, list | tuple)
        else (),
    )
    if data.keeps_mentions and isinstance(allowed := body.get("allowed_mentions"), Mapping):
        made["allowed_mentions"] = dict(allowed)
    return made


def replay_by_webhook(words: Wording, delivery: Delivery) -> Body:
    """Compose the replay for a webhook, under a name that marks it as a replay."""
    return {**replay(words, delivery), "username": REPLAYED_AS}


RENDERERS: Final[Renderers] = {
    DeliveryKind.REPLAY: alone(replay),
    DeliveryKind.REPLAY_WEBHOOK: alone(replay_by_webhook),
}
