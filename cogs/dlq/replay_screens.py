"""The screens of replays: what would be sent, where it has arrived, and how a batch goes."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from discord import ButtonStyle, ui

from bot.domain.text import cut
from bot.ui.components import ID_LIMIT, Screen, button, link, or_quit, row, text
from bot.ui.words.inert import inert, inert_lines, plain
from bot.ui.words.systems import where
from bot.ui.words.wording import Voice, place_url
from cogs.dlq.policy import DlqRules
from cogs.dlq.posts import advice, stop_id, summary, target_of
from cogs.dlq.replays import BatchPreview, ReplayPreview
from cogs.dlq.rules import (
    BatchEntry,
    BatchState,
    ReplayBatch,
    ReplayOutcome,
    ReplayRecord,
    ReplayTarget,
    Stripped,
    Via,
    short_id,
)

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
        before = voice.say(
            "consoles.dlq.replayed_before",
            by=voice.who(replay.requested_by_name),
            at=voice.moment(replay.requested_at),
        )
        return Screen(text(before), rows=[row(to_message(voice, replay, guild_id=guild_id))], colour=_BLUE)
    buttons = [button(voice.say("consoles.quit"), "ui:v1:quit")]
    send = target_id("send", preview.entry.id, preview.target)
    if send is not None:
        now = voice.say("consoles.dlq.replay_now")
        buttons.append(button(now, send, style=ButtonStyle.primary, emoji="🔁"))
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
        rows=[row(*buttons), row(*_choices(voice, preview))],
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
    everybody = [
        name for name, is_there in (("@everyone", pings.everyone), ("@here", pings.here)) if is_there
    ]
    named = [f"<@&{role}>" for role in pings.roles] + [f"<@{user}>" for user in pings.users]
    more = (
        [voice.say("consoles.dlq.more_people", count=left)] if (left := len(named) - _SHOWN_IDS) > 0 else []
    )
    return voice.say(f"consoles.dlq.{key}", who=" ".join([*everybody, *named[:_SHOWN_IDS], *more]))


def _stripped(voice: Voice, stripped: Stripped) -> str:
    """Say what the replay leaves out; empty if it leaves out nothing."""
    parts = [
        voice.say(f"consoles.dlq.stripped_{name}")
        for name in ("mentions", "components", "tts", "attachments")
        if getattr(stripped, name)
    ]
    parts += [f"`{plain(key, limit=40).replace('`', '')}`" for key in stripped.keys[:_SHOWN_KEYS]]
    return voice.say("consoles.dlq.replay_dropped", keys=voice.listed(parts)) if parts else ""


_FIRST: Final = 5
_PLACES: Final = 8
_PAGE: Final = 15

#: What a person should look at comes first.
_ORDER: Final = (
    ReplayOutcome.UNKNOWN,
    ReplayOutcome.REFUSED,
    ReplayOutcome.UNDER_WAY,
    ReplayOutcome.WAITING,
    ReplayOutcome.RETURNED,
)


def batch_question(voice: Voice, preview: BatchPreview) -> Screen:
    """Show how many would be sent, to where, which first, and what is left out and why."""
    batch = preview.batch
    to_send = batch.to_send
    start = button(
        voice.say("consoles.dlq.replay_now"),
        f"dlq:v1:batch:start:{batch.id}",
        style=ButtonStyle.primary,
        emoji="🔁",
    )
    if not to_send:
        nothing = voice.say("replay.ask.nothing", total=len(batch.entries))
        return Screen(text(nothing, _left_out(voice, batch)), colour=_BLUE)
    counts = Counter(target_of(batch, entry.channel) for entry in to_send)
    places = [f"{place} {count}" for place, count in counts.most_common(_PLACES)]
    if len(counts) > _PLACES:
        places.append("…")
    return Screen(
        text(
            voice.say("replay.ask.title", count=len(to_send)),
            voice.say("replay.ask.to", places=" · ".join(places)),
            voice.say(f"replay.ask.via_{batch.target.via}"),
            voice.say("replay.ask.rules", rate=voice.policy.of(DlqRules).replay_per_minute),
            _left_out(voice, batch),
        ),
        ui.Separator(),
        text(*_first(voice, preview)),
        rows=[or_quit(voice, start)],
        colour=_BLUE,
    )


def batch_screen(voice: Voice, batch: ReplayBatch, *, page: int = 1) -> Screen:
    """Show how a batch goes, and the result of each entry; what needs a person comes first."""
    entries = sorted(batch.entries, key=_rank)
    pages = max(1, -(-len(entries) // _PAGE))
    page = min(max(page, 1), pages)
    shown = entries[(page - 1) * _PAGE : page * _PAGE]
    number = voice.say("replay.batch.pages", number=page, pages=pages) if pages > 1 else ""
    colour = _GREEN if batch.state is BatchState.ENDED else _BLUE
    if batch.counts[ReplayOutcome.UNKNOWN] or batch.counts[ReplayOutcome.REFUSED]:
        colour = _RED
    # What to do about each kind of refusal, once.
    refused = [entry.http_status for entry in batch.entries if entry.outcome is ReplayOutcome.REFUSED]
    todo = {status: advice(voice, status) for status in refused}
    return Screen(
        text(
            *summary(voice, batch),
            *(f"-# HTTP {status}：{what}" for status, what in todo.items() if what),
            voice.say("replay.batch.follows") if batch.state is BatchState.RUNNING else "",
        ),
        ui.Separator(),
        text(*(_result(voice, batch, entry) for entry in shown), number),
        rows=[row(*_batch_buttons(voice, batch, page=page, pages=pages))],
        colour=colour,
    )


def _batch_buttons(
    voice: Voice, batch: ReplayBatch, *, page: int, pages: int
) -> Iterator[ui.Button[ui.LayoutView] | None]:
    if batch.state is BatchState.RUNNING:
        yield button(voice.say("replay.batch.refresh"), f"dlq:v1:batch:again:{batch.id}:{page}", emoji="🔄")
    if batch.is_stoppable:
        yield button(voice.say("replay.batch.stop"), stop_id(batch), emoji="⏹️")
    if page > 1:
        yield button(voice.say("consoles.previous"), _turn_id(batch, page - 1), emoji="◀")
    if page < pages:
        yield button(voice.say("consoles.next"), _turn_id(batch, page + 1), emoji="▶")


def _turn_id(batch: ReplayBatch, page: int) -> str:
    return f"dlq:v1:batch:turn:{batch.id}:{page}"


def _result(voice: Voice, batch: ReplayBatch, entry: BatchEntry) -> str:
    outcome = entry.outcome
    result = voice.say(f"replay.result.{outcome}", reason=_reason(voice, entry))
    line = f"`{short_id(entry.entry_id)}` → {target_of(batch, entry.channel or '?')} · {result}"
    if entry.channel_id is None or entry.message_id is None:
        return line
    url = place_url(batch.guild_id, entry.channel_id, entry.message_id)
    return f"{line} · [{voice.say('replay.batch.open_message')}]({url})"


def _reason(voice: Voice, entry: BatchEntry) -> str:
    if entry.skip is not None:
        return voice.say(f"replay.skip.{entry.skip}")
    if entry.outcome is ReplayOutcome.SKIPPED:  # its incident became private before it was sent
        return voice.say("replay.skip.private")
    return inert(entry.error or "-", limit=120)


def _rank(entry: BatchEntry) -> tuple[int, int]:
    outcome = entry.outcome
    return (_ORDER.index(outcome) if outcome in _ORDER else len(_ORDER), entry.position)


def _left_out(voice: Voice, batch: ReplayBatch) -> str:
    counts = Counter(entry.skip for entry in batch.entries if entry.skip is not None)
    if not counts:
        return ""
    reasons = " · ".join(
        f"{voice.say(f'replay.skip.{skip}')} {count}" for skip, count in counts.most_common()
    )
    return voice.say("replay.ask.left_out", count=counts.total(), reasons=reasons)


def _first(voice: Voice, preview: BatchPreview) -> Iterable[str]:
    by_id = {entry.id: entry for entry in preview.entries}
    to_send = preview.batch.to_send
    for waiting in to_send[:_FIRST]:
        entry = by_id[waiting.entry_id]
        title = inert(entry.title or voice.say("consoles.dlq.untitled"), limit=160)
        severity = inert(entry.severity or "-", limit=16)
        place = where(entry.channel or "?", limit=40)
        yield f"`{short_id(entry.id)}` **{severity} {title}** → {place}"
    if (more := len(to_send) - _FIRST) > 0:
        yield voice.say("replay.ask.more", count=more)
