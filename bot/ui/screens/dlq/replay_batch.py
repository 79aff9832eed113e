"""A batch of replays as screens: the question before it, and the result of each entry."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from discord import ButtonStyle, ui

from bot.domain.dlq.batches import BatchEntry, BatchState, ReplayBatch, ReplayOutcome
from bot.domain.dlq.failures import DlqEntry, short_id
from bot.services.dlq.replay_batches import BatchPreview
from bot.ui.components import Screen, button, or_quit, row, text
from bot.ui.posts.dlq import advice, where
from bot.ui.posts.replays import stop_id, summary, target_of
from bot.ui.words.inert import inert
from bot.ui.words.links import place_url
from bot.ui.words.voice import Voice

_RED = 0xED4245
_BLUE = 0x5865F2
_GREEN = 0x3BA55D
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
        told = voice.say("replay.ask.nothing", total=len(batch.entries))
        return Screen(text(told, _left_out(voice, batch)), colour=_BLUE)
    return Screen(
        text(
            voice.say("replay.ask.title", count=len(to_send)),
            voice.say("replay.ask.to", places=_places(batch, to_send)),
            voice.say(f"replay.ask.via_{batch.target.via}"),
            voice.say("replay.ask.rules", rate=voice.policy.dlq.replay_per_minute),
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
    return Screen(
        text(*summary(voice, batch), *_advice(voice, batch), _how_long(voice, batch)),
        ui.Separator(),
        text(*(_result(voice, batch, entry) for entry in shown), number),
        rows=[row(*_buttons(voice, batch, page=page, pages=pages))],
        colour=_colour(batch),
    )


def _buttons(
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


def _how_long(voice: Voice, batch: ReplayBatch) -> str:
    return voice.say("replay.batch.follows") if batch.state is BatchState.RUNNING else ""


def _turn_id(batch: ReplayBatch, page: int) -> str:
    return f"dlq:v1:batch:turn:{batch.id}:{page}"


def _result(voice: Voice, batch: ReplayBatch, entry: BatchEntry) -> str:
    outcome = entry.outcome
    told = voice.say(f"replay.result.{outcome}", reason=_reason(voice, entry))
    line = f"`{short_id(entry.entry_id)}` → {target_of(batch, entry.channel or '?')} · {told}"
    if entry.channel_id is None or entry.message_id is None:
        return line
    url = place_url(batch.guild_id, entry.channel_id, entry.message_id)
    return f"{line} · [{voice.say('replay.batch.open_message')}]({url})"


def _advice(voice: Voice, batch: ReplayBatch) -> Iterator[str]:
    """Yield what to do about each kind of refusal, once."""
    refused = [entry.http_status for entry in batch.entries if entry.outcome is ReplayOutcome.REFUSED]
    for status in dict.fromkeys(refused):
        if told := advice(voice, status):
            yield f"-# HTTP {status}：{told}"


def _reason(voice: Voice, entry: BatchEntry) -> str:
    if entry.skip is not None:
        return voice.say(f"replay.skip.{entry.skip}")
    if entry.outcome is ReplayOutcome.SKIPPED:  # its incident became private before it was sent
        return voice.say("replay.skip.private")
    return inert(entry.error or "-", limit=120)


def _rank(entry: BatchEntry) -> tuple[int, int]:
    outcome = entry.outcome
    return (_ORDER.index(outcome) if outcome in _ORDER else len(_ORDER), entry.position)


def _places(batch: ReplayBatch, entries: Sequence[BatchEntry]) -> str:
    counts = Counter(target_of(batch, entry.channel) for entry in entries)
    told = [f"{place} {count}" for place, count in counts.most_common(_PLACES)]
    return " · ".join([*told, *(["…"] if len(counts) > _PLACES else [])])


def _left_out(voice: Voice, batch: ReplayBatch) -> str:
    counts = Counter(entry.skip for entry in batch.entries if entry.skip is not None)
    if not counts:
        return ""
    told = " · ".join(f"{voice.say(f'replay.skip.{skip}')} {count}" for skip, count in counts.most_common())
    return voice.say("replay.ask.left_out", count=counts.total(), reasons=told)


def _first(voice: Voice, preview: BatchPreview) -> Iterable[str]:
    by_id = {entry.id: entry for entry in preview.entries}
    to_send = preview.batch.to_send
    for entry in to_send[:_FIRST]:
        yield _line(voice, by_id[entry.entry_id])
    if (more := len(to_send) - _FIRST) > 0:
        yield voice.say("replay.ask.more", count=more)


def _line(voice: Voice, entry: DlqEntry) -> str:
    title = inert(entry.title or voice.say("consoles.dlq.untitled"), limit=160)
    severity = inert(entry.severity or "-", limit=16)
    return f"`{short_id(entry.id)}` **{severity} {title}** → {where(entry.channel or '?', limit=40)}"


def _colour(batch: ReplayBatch) -> int:
    counts = batch.counts
    if counts[ReplayOutcome.UNKNOWN] or counts[ReplayOutcome.REFUSED]:
        return _RED
    return _GREEN if batch.state is BatchState.ENDED else _BLUE
