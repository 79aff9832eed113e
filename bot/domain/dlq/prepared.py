"""The part of a stored message that is sent again, and what is left out of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.domain.dlq.pings import Pings, pings_of

#: Discord: embeds of a message, and characters of its content.
_EMBEDS: Final = 10
_CONTENT: Final = 2_000

#: Keys that are kept, or left out with words of their own.
_KNOWN: Final = frozenset(
    {"content", "embeds", "allowed_mentions", "components", "tts", "attachments", "files"}
)


@dataclass(frozen=True, slots=True)
class Stripped:
    """What a replay leaves out of a stored message.

    Attributes:
        mentions: It would have notified people, and does not.
        keys: Further top-level keys, sorted.
    """

    mentions: bool = False
    components: bool = False
    tts: bool = False
    attachments: bool = False
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message as a replay sends it.

    Attributes:
        body: Content and embeds, with the mentions that it allows.
        pings: Whom the stored message would have notified; `stripped` says if they are left out.
        has_embeds: Its embeds are sent as they were stored, with their old times.
        is_empty: Nothing is left that Discord would take.
    """

    body: dict[str, object]
    stripped: Stripped
    pings: Pings
    has_embeds: bool
    is_empty: bool


def prepared(payload: object, *, keeps_mentions: bool = False) -> Prepared:
    """Return *payload* as a replay sends it; one that is no object has nothing to send.

    Args:
        keeps_mentions: A person has decided that the people it mentions are notified again.
    """
    stored: Mapping[str, object] = payload if isinstance(payload, Mapping) else {}
    content, embeds, pings = _content(stored), _embeds(stored), pings_of(stored)
    body: dict[str, object] = {"allowed_mentions": pings.allowed() if keeps_mentions else Pings().allowed()}
    if content:
        body["content"] = content
    if embeds:
        body["embeds"] = embeds
    stripped = Stripped(
        mentions=bool(pings) and not keeps_mentions,
        components=bool(stored.get("components")),
        tts=bool(stored.get("tts")),
        attachments=bool(stored.get("attachments") or stored.get("files")),
        keys=tuple(sorted(str(key) for key in stored if key not in _KNOWN and stored[key])),
    )
    return Prepared(body, stripped, pings, bool(embeds), is_empty=not (content or embeds))


def _content(stored: Mapping[str, object]) -> str:
    content = stored.get("content")
    return content[:_CONTENT] if isinstance(content, str) else ""


def _embeds(stored: Mapping[str, object]) -> list[dict[str, object]]:
    embeds = stored.get("embeds")
    listed = embeds if isinstance(embeds, list | tuple) else ()
    return [dict(one) for one in listed[:_EMBEDS] if isinstance(one, Mapping) and one]
