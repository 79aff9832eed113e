"""One entry of the DLQ: what it says, what it would have looked like, and sending it again."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import discord
from discord import ButtonStyle, ui

from bot.domain.delivery.delivery import Posted
from bot.domain.dlq.entries import PAYLOAD_LIMIT, DlqEntry, short_id
from bot.domain.dlq.replays import ReplayRecord, sanitise_payload
from bot.services.dlq.dlq import EntryView, ReplayPreview
from bot.ui.components import Screen, button, link, or_quit, row, text
from bot.ui.posts.dlq import answer, where
from bot.ui.screens.dlq_console import PRESSABLE
from bot.ui.words.inert import code_block, cut, inert, inert_lines, plain
from bot.ui.words.links import place_url
from bot.ui.words.voice import Voice

_RED = 0xED4245
_BLUE = 0x5865F2
_GREEN = 0x3BA55D
_LOOK_BUDGET: Final = 2_200  # with the signs of a quote before 80 lines, and what is said of it, within 4,000
_PART_BUDGET = 900
_INLINE_JSON: Final = 1_800


def entry_screen(voice: Voice, view: EntryView, *, guild_id: int) -> Screen:
    """Show what failed and why, then the message as it would have looked."""
    entry, replay, delivered = view.entry, view.replay, view.delivered
    body, _ = sanitise_payload(entry.payload or {})
    is_owed = delivered is None and (replay is None or replay.error is not None)
    can_replay = view.may_replay and is_owed and bool(body.keys() - {"allowed_mentions"})
    is_pressable = PRESSABLE.fullmatch(entry.id) is not None
    can_replay, has_raw = can_replay and is_pressable, bool(entry.stored) and is_pressable
    return Screen(
        text(
            *_facts(voice, entry),
            voice.say("consoles.dlq.delivered_since") if delivered else "",
            _replayed(voice, replay) if replay else "",
        ),
        ui.Separator(),
        text(*_look(voice, body), _odd(voice, entry)),
        rows=[
            row(
                button(voice.say("consoles.dlq.raw"), f"dlq:v1:json:{entry.id}") if has_raw else None,
                button(voice.say("consoles.dlq.replay"), f"dlq:v1:preview:{entry.id}", emoji="🔁")
                if can_replay
                else None,
                _to_delivered(voice, delivered, guild_id=guild_id),
                _to_message(voice, replay, guild_id=guild_id),
            )
        ],
        colour=_GREEN if delivered else _RED,
    )


def preview_screen(voice: Voice, preview: ReplayPreview, *, guild_id: int) -> Screen:
    """Show target, what is left out, and the message; the safe way out first. An entry goes out once."""
    entry, replay = preview.entry, preview.replay
    if replay is not None and replay.error is None:
        return _already_screen(voice, replay, guild_id=guild_id)
    keys = ", ".join(f"`{plain(key, limit=40).replace('`', '')}`" for key in preview.dropped[:20])
    send = button(
        voice.say("consoles.dlq.replay_now"),
        f"dlq:v1:replay:{entry.id}",
        style=ButtonStyle.primary,
        emoji="🔁",
    )
    return Screen(
        text(
            voice.say("consoles.dlq.replay_question", channel=where(preview.channel)),
            voice.say("consoles.dlq.replay_rules"),
            voice.say("consoles.dlq.replay_dropped", keys=keys) if keys else "",
        ),
        ui.Separator(),
        text(*_look(voice, preview.body)),
        rows=[or_quit(voice, send)],
        colour=_BLUE,
    )


def replayed_screen(voice: Voice, record: ReplayRecord, *, guild_id: int) -> Screen:
    """Show who replayed the message and where; with a link once Discord has it, or why Discord refused it."""
    if record.error is not None:
        return Screen(text(_replayed(voice, record)), colour=_RED)
    sent = record.message_id is not None
    waiting = "" if sent else voice.say("consoles.dlq.replaying", channel=where(record.channel))
    return Screen(
        text(_replayed(voice, record), waiting),
        rows=[row(_to_message(voice, record, guild_id=guild_id))],
        colour=_GREEN if sent else _BLUE,
    )


def _already_screen(voice: Voice, record: ReplayRecord, *, guild_id: int) -> Screen:
    """Show that the message was replayed before, by whom and when, and that it is not sent again."""
    told = voice.say(
        "consoles.dlq.replayed_before",
        by=voice.who(record.requested_by_name),
        at=voice.moment(record.requested_at),
    )
    return Screen(text(told), rows=[row(_to_message(voice, record, guild_id=guild_id))], colour=_BLUE)


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
    email = "emailed" if entry.fallback_email_sent else "not_emailed"
    yield " · ".join(
        [
            voice.moment(entry.attempted_at),
            inert(entry.severity or "-", limit=20),
            where(entry.channel),
            http,
            voice.say("consoles.dlq.retries", count=entry.retry_count or 0),
            voice.say(f"consoles.dlq.{email}"),
        ]
    )
    if entry.error_message:
        yield f"> {inert(entry.error_message, limit=400)}"
    for name, value in entry.extra:
        yield f"-# {inert(name, limit=40)}：{inert(value, limit=60)}"


def _look(voice: Voice, body: Mapping[str, object]) -> Iterator[str]:
    """Yield the message's own words, in quotes; its markup shows as it was written."""
    yield voice.say("consoles.dlq.would_look")
    words = "\n".join(_words(body))
    if not words:
        yield voice.say("consoles.dlq.no_payload")
        return
    yield "\n".join(f"> {line}" for line in cut(words, limit=_LOOK_BUDGET).split("\n")[:80])


def _words(body: Mapping[str, object]) -> Iterator[str]:
    if content := body.get("content"):
        yield inert_lines(str(content), limit=_PART_BUDGET)
    embeds = body.get("embeds")
    for embed in embeds if isinstance(embeds, list | tuple) else ():
        if isinstance(embed, Mapping):
            yield from _embed_words(embed)


def _embed_words(embed: Mapping[str, object]) -> Iterator[str]:
    if title := embed.get("title"):
        yield f"**{inert(str(title), limit=300)}**"
    if description := embed.get("description"):
        yield inert_lines(str(description), limit=_PART_BUDGET)
    for field in _mappings(embed.get("fields")):
        name, value = (inert(str(field.get(key) or ""), limit=300) for key in ("name", "value"))
        yield f"**{name}** {value}"
    for footer in _mappings([embed.get("footer")]):
        yield f"-# {inert(str(footer.get('text') or ''), limit=200)}"


def _mappings(value: object) -> Iterable[Mapping[str, object]]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list | tuple) else []


def _replayed(voice: Voice, record: ReplayRecord) -> str:
    if record.error is not None:
        reason = inert(record.error, limit=300)
        return voice.say("consoles.dlq.replay_failed", channel=where(record.channel), reason=reason)
    return voice.say(
        "consoles.dlq.replayed",
        by=voice.who(record.requested_by_name),
        at=voice.moment(record.requested_at),
        channel=where(record.channel),
    )


def _to_delivered(
    voice: Voice, delivered: Posted | None, *, guild_id: int
) -> ui.Button[ui.LayoutView] | None:
    if delivered is None:
        return None
    url = place_url(guild_id, delivered.channel_id, delivered.message_id)
    return link(voice.say("consoles.dlq.to_delivered"), url)


def _to_message(
    voice: Voice, record: ReplayRecord | None, *, guild_id: int
) -> ui.Button[ui.LayoutView] | None:
    if record is None or record.channel_id is None or record.message_id is None:
        return None
    url = place_url(guild_id, record.channel_id, record.message_id)
    return link(voice.say("consoles.dlq.to_message"), url)
