"""What a message says: the embeds that its author wrote, the evidence that is kept, a title from it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import discord

from bot.domain.alerts.alert import first_line
from bot.domain.triage.session import EVIDENCE_LIMIT, Evidence
from bot.services.incidents.opening import TITLE_LIMIT
from bot.ui.words.wording import place_url

#: Discord: the type of what apps and webhooks send. Previews are "link", "article", "image" and others.
_WRITTEN: Final = "rich"

_MENTION: Final = re.compile(r"<(?:@[!&]?|#)(?P<id>\d{1,20})>", re.ASCII)
_EMPHASIS: Final = re.compile(r"(?<!\w)_|_(?!\w)")  # no part of a name ("payment_intent")
_ESCAPED: Final = re.compile(r"\\([!-/:-@\[-`{-~])")  # as Markdown has it, and the bot's own posts
_BARE: Final = re.compile(r"<(https?://[^\s<>]+)>")  # an address without a preview
#: Escaped signs become private ones while markup is removed, and themselves after that.
_PRIVATE: Final = 0xE000
_THEMSELVES: Final = {_PRIVATE + code: code for code in range(ord("!"), ord("~") + 1)}


def written_embeds(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the embeds of *message* that its author wrote.

    A preview may appear at once, a moment later, or never, and it is not part of the author's text.

    Args:
        message: As Discord's JSON has it, or a body that is about to be sent.
    """
    embeds = message.get("embeds")
    made = (
        [embed for embed in embeds if isinstance(embed, Mapping)] if isinstance(embeds, list | tuple) else []
    )
    return [embed for embed in made if embed.get("type", _WRITTEN) == _WRITTEN]


def evidence_of(message: discord.Message) -> Evidence:
    """Return what is kept of a discord.py message; Discord gives its content when a menu is used on it."""
    attached = (file.filename for file in message.attachments)
    embeds = [embed.to_dict() for embed in message.embeds]
    return Evidence(
        text=_words(message.content, written_embeds({"embeds": embeds}), attached),
        author_id=message.author.id,
        author_name=message.author.display_name,
        url=message.jump_url,
        at=message.created_at,
    )


def evidence_from(payload: Mapping[str, Any], *, guild_id: int) -> Evidence:
    """Return the evidence of a message in Discord's JSON; without the message content intent, no words."""
    author: Mapping[str, Any] = payload.get("author") or {}
    attached = (str(file.get("filename") or "") for file in payload.get("attachments") or [])
    return Evidence(
        text=_words(str(payload.get("content") or ""), written_embeds(payload), attached),
        author_id=int(author.get("id") or 0),
        author_name=str(author.get("global_name") or author.get("username") or "?"),
        url=place_url(guild_id, int(payload["channel_id"]), int(payload["id"])),
        at=datetime.fromisoformat(str(payload["timestamp"])),
    )


def suggested_title(text: str, names: Mapping[int, str]) -> str:
    """Return the first line that says something, without markup, cut to a title; empty when none does.

    Args:
        text: A message's.
        names: Of the people it mentions, by id; other mentions are left out.
    """
    handles = {user_id: f"@{name}" for user_id, name in names.items()}
    readable = _MENTION.sub(lambda mention: handles.get(int(mention["id"]), ""), text)
    readable = _ESCAPED.sub(lambda sign: chr(_PRIVATE + ord(sign[1])), _BARE.sub(r"\1", readable))
    # Not discord.py's `remove_markdown`: some thousand "[a](" keep that busy for half a second (2.7.1).
    return first_line(_EMPHASIS.sub("", readable), limit=TITLE_LIMIT).translate(_THEMSELVES)


def _words(content: str, embeds: Iterable[Mapping[str, Any]], attached: Iterable[str]) -> str:
    """Return the message's words, a webhook's from its embeds; then what is attached, by name."""
    said = content or "\n".join(part for embed in embeds for part in _embedded(embed))
    files = [f"📎 {name}" for name in attached if name]
    return "\n".join([said, *files] if said else files)[:EVIDENCE_LIMIT]


def _embedded(embed: Mapping[str, Any]) -> Iterator[str]:
    for part in (embed.get("title"), embed.get("description")):
        if part:
            yield str(part)
    for field in embed.get("fields") or []:
        yield f"{field.get('name')}: {field.get('value')}"
