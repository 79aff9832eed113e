"""One entry of the DLQ: what it says, what it would have looked like, and sending it again."""

import io
import json
from collections.abc import Iterator
from typing import Final

import discord
from discord import ui

from bot.domain.delivery.delivery import Posted
from bot.domain.dlq.failures import PAYLOAD_LIMIT, DlqEntry, short_id
from bot.domain.dlq.prepared import prepared
from bot.services.dlq.dlq import EntryView
from bot.ui.components import Screen, button, link, row, text
from bot.ui.posts.dlq import answer, where
from bot.ui.screens.dlq.console import PRESSABLE
from bot.ui.screens.dlq.replay import look, replayed, to_message
from bot.ui.words.inert import code_block, inert
from bot.ui.words.links import place_url
from bot.ui.words.voice import Voice

_RED = 0xED4245
_GREEN = 0x3BA55D
_INLINE_JSON: Final = 1_800


def entry_screen(voice: Voice, view: EntryView, *, guild_id: int) -> Screen:
    """Show what failed and why, then the message as it would have looked."""
    entry, replay, delivered = view.entry, view.replay, view.delivered
    made = prepared(entry.payload)
    is_owed = delivered is None and (replay is None or replay.may_be_repeated)
    can_replay = view.may_replay and is_owed and not made.is_empty
    is_pressable = PRESSABLE.fullmatch(entry.id) is not None
    can_replay, has_raw = can_replay and is_pressable, bool(entry.stored) and is_pressable
    return Screen(
        text(
            *_facts(voice, entry),
            voice.say("consoles.dlq.delivered_since") if delivered else "",
            replayed(voice, replay) if replay else "",
        ),
        ui.Separator(),
        text(*look(voice, made.body), _odd(voice, entry)),
        rows=[
            row(
                button(voice.say("consoles.dlq.raw"), f"dlq:v1:json:{entry.id}") if has_raw else None,
                button(voice.say("consoles.dlq.replay"), f"dlq:v1:preview:{entry.id}", emoji="🔁")
                if can_replay
                else None,
                _to_delivered(voice, delivered, guild_id=guild_id),
                to_message(voice, replay, guild_id=guild_id),
            )
        ],
        colour=_GREEN if delivered else _RED,
    )


def raw_json(voice: Voice, entry: DlqEntry) -> tuple[str, discord.File | None]:
    """Return the stored payload: in a code block when it is short, else as a file."""
    told = voice.say("consoles.dlq.raw_of", id=entry.id)
    stored = entry.stored or ""
    is_json = entry.payload is not None
    written = json.dumps(entry.payload, ensure_ascii=False, indent=2) if is_json else stored
    if len(written) <= _INLINE_JSON and "```" not in written:
        return f"{told}\n{code_block(written)}", None
    name = f"dlq-{short_id(entry.id)}.{'json' if is_json else 'txt'}"
    return told, discord.File(io.BytesIO(written.encode(errors="replace")), filename=name)


def _odd(voice: Voice, entry: DlqEntry) -> str:
    """Say what is wrong with a stored payload that is no message."""
    if entry.stored is None or entry.payload is not None:
        return ""
    if len(entry.stored) > PAYLOAD_LIMIT:
        return voice.say("consoles.dlq.too_long", limit=f"{PAYLOAD_LIMIT:,}")
    return voice.say("consoles.dlq.no_object")


def _facts(voice: Voice, entry: DlqEntry) -> Iterator[str]:
    yield voice.say("consoles.dlq.title_entry", id=f"`{entry.id}`")
    yield f"**{inert(entry.title or voice.say('consoles.dlq.untitled'), limit=420)}**"
    http = answer(voice, entry.http_status, entry.error_message)
    priority = voice.policy.dlq.table.most_severe
    email = "emailed" if entry.fallback_email_sent else "not_emailed" if entry.severity == priority else ""
    yield " · ".join(
        [
            voice.moment(entry.attempted_at),
            inert(entry.severity or "-", limit=20),
            where(entry.channel),
            http,
            voice.say("consoles.dlq.retries", count=entry.retry_count or 0),
            *([voice.say(f"consoles.dlq.{email}")] if email else []),
        ]
    )
    if entry.error_message:
        yield f"> {inert(entry.error_message, limit=400)}"
    for name, value in entry.extra:
        yield f"-# {inert(name, limit=40)}：{inert(value, limit=60)}"


def _to_delivered(
    voice: Voice, delivered: Posted | None, *, guild_id: int
) -> ui.Button[ui.LayoutView] | None:
    if delivered is None:
        return None
    url = place_url(guild_id, delivered.channel_id, delivered.message_id)
    return link(voice.say("consoles.dlq.to_delivered"), url)
