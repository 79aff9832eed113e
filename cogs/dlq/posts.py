"""Posts about undelivered notifications that everyone reads: one sent again, a batch's progress, new ones."""

from collections.abc import Iterator, Mapping
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.dlq import REPLAYED_AS
from bot.domain.text import cut
from bot.services.ports import Subject
from bot.ui.buttons import ButtonStyle, Option, button, row, select_row
from bot.ui.posts.bodies import CONTENT_LIMIT, HERE, Body, Renderer, about, alone, message, of
from bot.ui.words.inert import inert, plain
from bot.ui.words.systems import answer, where
from bot.ui.words.wording import Wording
from cogs.dlq.rules import (
    BatchState,
    BurstData,
    DlqBurst,
    DlqDeliveryKind,
    ReplayBatch,
    ReplayData,
    ReplayOutcome,
    SeenFailure,
    short_id,
)

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
        "replay.line" if data.meant_at is None else "replay.line_of",
        who=inert(data.by or "?", limit=80),
        at=words.moment(data.meant_at or delivery.created_at),
        entry=inert(short_id(data.entry), limit=40),
    )
    content = cut(str(body.get("content") or ""), limit=CONTENT_LIMIT - len(line) - 1)
    embeds = body.get("embeds")
    made = message(
        f"{line}\n{content}".strip(),  # first, since a lock screen would show an old alert as a new one
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


_PLACES_LIMIT: Final = 300
_PLACE_LIMIT: Final = 40  # fifteen results, each with its place and its reason, share a screen's 4,000

#: What does not count as done: also what went back when the batch was stopped.
_NOT_DONE: Final = (ReplayOutcome.WAITING, ReplayOutcome.UNDER_WAY, ReplayOutcome.RETURNED)


def progress(words: Wording, batch: ReplayBatch) -> Body:
    """Compose the message: how far it is, what came of it, and a button to stop it."""
    buttons = [
        button(words.say("replay.batch.stop"), stop_id(batch), style=ButtonStyle.SECONDARY, emoji="⏹️")
        if batch.is_stoppable
        else None,
        button(words.say("replay.batch.results"), result_id(batch), style=ButtonStyle.SECONDARY, emoji="📋"),
    ]
    return message("\n".join(summary(words, batch)), components=row(buttons))


def summary(words: Wording, batch: ReplayBatch) -> Iterator[str]:
    """Yield the lines about a batch: its state, the count of each outcome, what is left for a person."""
    counts, has_ended = batch.counts, batch.state is BatchState.ENDED
    if batch.stopped_at is not None:
        state = "stopped" if has_ended else "stopping"
    else:
        state = "ended" if has_ended else "running"
    yield words.say(
        f"replay.batch.{state}",
        done=len(batch.entries) - sum(counts[one] for one in _NOT_DONE),
        total=len(batch.entries),
        who=words.who(batch.requested_by_name),
        stopped_by=words.who(batch.stopped_by_name or "?"),
    )
    yield " · ".join(
        words.say(f"replay.outcome.{one}", count=counts[one]) for one in ReplayOutcome if counts[one]
    )
    if returned := counts[ReplayOutcome.RETURNED]:
        yield words.say("replay.batch.returned", count=returned)
    if unknown := [entry for entry in batch.entries if entry.outcome is ReplayOutcome.UNKNOWN]:
        places = dict.fromkeys(target_of(batch, entry.channel) for entry in unknown)
        joined = words.joined(list(places), limit=_PLACES_LIMIT)
        yield words.say("replay.batch.unknown", count=len(unknown), places=joined)


def stop_id(batch: ReplayBatch) -> str:
    """Return the custom id of the button that stops a batch."""
    return f"dlq:v1:batch:stop:{batch.id}"


def result_id(batch: ReplayBatch, *, page: int = 1) -> str:
    """Return the custom id of the button that shows a page of a batch's results."""
    return f"dlq:v1:batch:result:{batch.id}:{page}"


def target_of(batch: ReplayBatch, channel: str) -> str:
    """Return the place of an entry that was meant for *channel*, as people read it, cut short."""
    return where(batch.target.channel or channel, limit=_PLACE_LIMIT)


_LONGEST_VALUE: Final = 100  # Discord: an option's value
_TITLE_LIMIT: Final = 250


def burst(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the message; it pings only if the policy says so."""
    failures = about(DlqBurst, delivery, subject)
    content = "\n".join(_lines(words, failures))
    rings = BurstData.from_json(delivery.data).rings
    options = [
        Option(one.id, plain(f"{short_id(one.id)} {_title(words, one)}", limit=100), _when(words, one))
        for one in failures.shown
        if len(one.id) <= _LONGEST_VALUE
    ]
    placeholder = words.say("consoles.dlq.open")
    return message(
        f"{HERE} {content}" if rings else content,
        components=select_row("dlq:v1:open", options=options, placeholder=placeholder) if options else (),
        rings=rings,
    )


def _lines(words: Wording, failures: DlqBurst) -> Iterator[str]:
    priority, arrived = words.policy.most_severe.priority, len(failures.arrived)
    key = "title" if not arrived else "title_some" if arrived < failures.count else "title_all"
    yield words.say(f"replay.burst.{key}", priority=priority, count=failures.count, arrived=arrived)
    for failure in failures.shown:
        title = inert(_title(words, failure), limit=_TITLE_LIMIT)
        mark = "✅ " if failure.id in failures.arrived else ""
        yield f"{mark}`{short_id(failure.id)}` **{title}** → {where(failure.channel or '?')}"
        yield f"-# {_when(words, failure)}" + (
            f" · {inert(failure.error, limit=160)}" if failure.error else ""
        )
    if (more := failures.count - len(failures.shown)) > 0:
        yield words.say("replay.burst.more", count=more)


def _title(words: Wording, failure: SeenFailure) -> str:
    return failure.title or words.say("consoles.dlq.untitled")


def _when(words: Wording, failure: SeenFailure) -> str:
    return f"{words.moment(failure.attempted_at)} · {answer(words, failure.http_status, failure.error)}"


RENDERERS: Final[Mapping[AnyDeliveryKind, Renderer]] = {
    DlqDeliveryKind.REPLAY: alone(replay),
    DlqDeliveryKind.REPLAY_WEBHOOK: alone(replay_by_webhook),
    DlqDeliveryKind.REPLAY_PROGRESS: of(ReplayBatch, progress),
    DlqDeliveryKind.DLQ_BURST: burst,
}
