"""How a batch of replays goes, as one message that is edited: counts only, since everyone may read it."""

from collections.abc import Iterator
from typing import Final

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq.batches import BatchState, ReplayBatch, ReplayOutcome
from bot.ui.buttons import ButtonStyle, button, row
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.dlq import where
from bot.ui.posts.looks import Renderers, of
from bot.ui.words.wording import Wording

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
    counts = batch.counts
    yield words.say(
        f"replay.batch.{_state(batch)}",
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
    if unknown := counts[ReplayOutcome.UNKNOWN]:
        yield words.say("replay.batch.unknown", count=unknown, places=_unknown_places(words, batch))


def stop_id(batch: ReplayBatch) -> str:
    """Return the custom id of the button that stops a batch."""
    return f"dlq:v1:batch:stop:{batch.id}"


def result_id(batch: ReplayBatch, *, page: int = 1) -> str:
    """Return the custom id of the button that shows a page of a batch's results."""
    return f"dlq:v1:batch:result:{batch.id}:{page}"


def target_of(batch: ReplayBatch, channel: str) -> str:
    """Return the place of an entry that was meant for *channel*, as people read it, cut short."""
    return where(batch.target.channel or channel, limit=_PLACE_LIMIT)


def _state(batch: ReplayBatch) -> str:
    if batch.stopped_at is not None:
        return "stopped" if batch.state is BatchState.ENDED else "stopping"
    return "ended" if batch.state is BatchState.ENDED else "running"


def _unknown_places(words: Wording, batch: ReplayBatch) -> str:
    unknown = [entry for entry in batch.entries if entry.outcome is ReplayOutcome.UNKNOWN]
    places = dict.fromkeys(target_of(batch, entry.channel) for entry in unknown)
    return words.joined(list(places), limit=_PLACES_LIMIT)


RENDERERS: Final[Renderers] = {DeliveryKind.REPLAY_PROGRESS: of(ReplayBatch, progress)}
