"""Sending one entry of the DLQ again: the question, and what became of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from discord import ButtonStyle, ui

from bot.domain.dlq.batches import ReplayTarget, Via
from bot.domain.dlq.pings import Pings
from bot.domain.dlq.prepared import Stripped
from bot.domain.dlq.replays import ReplayRecord
from bot.domain.text import cut
from bot.services.dlq.replays import ReplayPreview
from bot.ui.components import ID_LIMIT, Screen, button, link, row, text
from bot.ui.posts.dlq import advice, where
from bot.ui.words.inert import inert, inert_lines, plain
from bot.ui.words.links import place_url
from bot.ui.words.voice import Voice

_RED = 0xED4245
_BLUE = 0x5865F2
_GREEN = 0x3BA55D
_LOOK_BUDGET: Final = 2_000  # with the signs of a quote before 80 lines, and what is said of it, within 4,000
_PART_BUDGET = 900
_SHOWN_IDS: Final = 10
_SHOWN_KEYS: Final = 20

_Button = ui.Button[ui.LayoutView]


def preview_screen(voice: Voice, preview: ReplayPreview, *, guild_id: int) -> Screen:
    """Show target, what is left out, and the message; the safe way out first. An entry goes out once."""
    replay, made = preview.replay, preview.made
    if replay is not None and not replay.may_be_repeated:
        return _already_screen(voice, replay, guild_id=guild_id)
    return Screen(
        text(
            voice.say("consoles.dlq.replay_question", channel=where(preview.channel)),
            voice.say(f"consoles.dlq.replay_via_{preview.target.via}"),
            _ringing(voice, preview),
            _stripped(voice, made.stripped),
            voice.say("consoles.dlq.replay_old_embeds") if made.has_embeds else "",
            voice.say("consoles.dlq.replay_look_first", channel=where(replay.channel))
            if replay is not None and replay.is_unknown
            else "",
        ),
        ui.Separator(),
        text(*look(voice, made.body)),
        rows=[row(*_buttons(voice, preview)), row(*_choices(voice, preview))],
        colour=_BLUE,
    )


def target_id(verb: str, entry_id: str, target: ReplayTarget) -> str | None:
    """Return the custom id that previews ("ask") or sends ("send") an entry; None if it would be too long.

    The everyday target keeps the id that earlier versions know.
    """
    if target == ReplayTarget():
        return f"dlq:v1:{'preview' if verb == 'ask' else 'replay'}:{entry_id}"
    how = ("w" if target.via is Via.WEBHOOK else "b") + ("m" if target.keeps_mentions else "q")
    made = f"dlq:v2:{verb}:{how}:{target.channel or ''}:{entry_id}"
    return made if len(made) <= ID_LIMIT else None


def target_from(fields: Mapping[str, str]) -> ReplayTarget:
    """Return the target that a custom id of `target_id` names."""
    via = Via.WEBHOOK if fields["how"].startswith("w") else Via.BOT
    return ReplayTarget(via, fields["channel"] or None, keeps_mentions=fields["how"].endswith("m"))


def replayed_screen(voice: Voice, record: ReplayRecord, *, guild_id: int) -> Screen:
    """Show who replayed the message and where; with a link once Discord has it, or why Discord refused it."""
    if record.error is not None:
        return Screen(text(replayed(voice, record)), colour=_RED)
    sent = record.message_id is not None
    waiting = "" if sent else voice.say("consoles.dlq.replaying", channel=where(record.channel))
    return Screen(
        text(replayed(voice, record), waiting),
        rows=[row(to_message(voice, record, guild_id=guild_id))],
        colour=_GREEN if sent else _BLUE,
    )


def replayed(voice: Voice, record: ReplayRecord) -> str:
    """Say who replayed an entry, or why that failed, or that the outcome is unknown."""
    if record.is_unknown:
        return voice.say("consoles.dlq.replay_unknown", channel=where(record.channel))
    if record.error is not None:
        reason = inert(record.error, limit=300)
        failed = voice.say("consoles.dlq.replay_failed", channel=where(record.channel), reason=reason)
        return "\n".join(line for line in (failed, advice(voice, record.http_status)) if line)
    return voice.say(
        "consoles.dlq.replayed",
        by=voice.who(record.requested_by_name),
        at=voice.moment(record.requested_at),
        channel=where(record.channel),
    )


def to_message(voice: Voice, record: ReplayRecord | None, *, guild_id: int) -> _Button | None:
    """Return the button to the message of a replay, once there is one."""
    if record is None or record.posted is None:
        return None
    url = place_url(guild_id, record.posted.channel_id, record.posted.message_id)
    return link(voice.say("consoles.dlq.to_message"), url)


def look(voice: Voice, body: Mapping[str, object]) -> Iterator[str]:
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


def _already_screen(voice: Voice, record: ReplayRecord, *, guild_id: int) -> Screen:
    """Show that the message was replayed before, by whom and when, and that it is not sent again."""
    told = voice.say(
        "consoles.dlq.replayed_before",
        by=voice.who(record.requested_by_name),
        at=voice.moment(record.requested_at),
    )
    return Screen(text(told), rows=[row(to_message(voice, record, guild_id=guild_id))], colour=_BLUE)


def _buttons(voice: Voice, preview: ReplayPreview) -> Iterator[_Button | None]:
    """Yield the way out, and the button that sends."""
    yield button(voice.say("consoles.quit"), "ui:v1:quit")
    send = target_id("send", preview.entry.id, preview.target)
    if send is not None:
        yield button(voice.say("consoles.dlq.replay_now"), send, style=ButtonStyle.primary, emoji="🔁")


def _choices(voice: Voice, preview: ReplayPreview) -> Iterator[_Button | None]:
    """Yield the buttons that change how it is sent; each shows another preview first."""
    target = preview.target
    if preview.made.pings and not target.keeps_mentions and preview.may_ping:
        yield _choice(voice, "replay_ring", preview, replace(target, keeps_mentions=True), emoji="🔔")
    if target.keeps_mentions:
        yield _choice(voice, "replay_quiet", preview, replace(target, keeps_mentions=False), emoji="🔕")
    if target.via is Via.WEBHOOK:
        yield _choice(voice, "replay_by_bot", preview, replace(target, via=Via.BOT))
    elif preview.has_webhook:
        yield _choice(voice, "replay_by_webhook", preview, replace(target, via=Via.WEBHOOK))


def _choice(
    voice: Voice, words: str, preview: ReplayPreview, target: ReplayTarget, *, emoji: str | None = None
) -> _Button | None:
    custom_id = target_id("ask", preview.entry.id, target)
    return None if custom_id is None else button(voice.say(f"consoles.dlq.{words}"), custom_id, emoji=emoji)


def _ringing(voice: Voice, preview: ReplayPreview) -> str:
    """Say whom the message notifies, or would."""
    pings = preview.made.pings
    if not pings:
        return voice.say("consoles.dlq.replay_rules")
    key = "replay_rings" if preview.target.keeps_mentions else "replay_would_ring"
    return voice.say(f"consoles.dlq.{key}", who=_people(voice, pings))


def _people(voice: Voice, pings: Pings) -> str:
    everybody = [
        name for name, is_there in (("@everyone", pings.everyone), ("@here", pings.here)) if is_there
    ]
    named = [f"<@&{role}>" for role in pings.roles] + [f"<@{user}>" for user in pings.users]
    more = (
        [voice.say("consoles.dlq.more_people", count=left)] if (left := len(named) - _SHOWN_IDS) > 0 else []
    )
    return " ".join([*everybody, *named[:_SHOWN_IDS], *more])


def _stripped(voice: Voice, stripped: Stripped) -> str:
    """Say what the replay leaves out; empty if it leaves out nothing."""
    parts = [
        voice.say(f"consoles.dlq.stripped_{name}")
        for name in ("mentions", "components", "tts", "attachments")
        if getattr(stripped, name)
    ]
    parts += [f"`{plain(key, limit=40).replace('`', '')}`" for key in stripped.keys[:_SHOWN_KEYS]]
    return voice.say("consoles.dlq.replay_dropped", keys=voice.listed(parts)) if parts else ""
