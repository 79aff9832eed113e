"""New failures of the highest severity in the DLQ: one message for those that came close together."""

from collections.abc import Iterator
from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq.failures import short_id
from bot.domain.dlq.watch import BurstData, DlqBurst, SeenFailure
from bot.services.ports import Subject
from bot.ui.buttons import Option, select_row
from bot.ui.posts.bodies import HERE, Body, message
from bot.ui.posts.dlq import answer, where
from bot.ui.posts.looks import Renderers, about
from bot.ui.words.inert import inert, plain
from bot.ui.words.wording import Wording

_LONGEST_VALUE: Final = 100  # Discord: an option's value
_TITLE_LIMIT: Final = 250


def burst(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    """Compose the message; it pings only if the policy says so."""
    told = about(DlqBurst, delivery, subject)
    content = "\n".join(_lines(words, told))
    rings = BurstData.from_json(delivery.data).rings
    options = [_option(words, one) for one in told.shown if len(one.id) <= _LONGEST_VALUE]
    placeholder = words.say("consoles.dlq.open")
    return message(
        f"{HERE} {content}" if rings else content,
        components=select_row("dlq:v1:open", options=options, placeholder=placeholder) if options else (),
        rings=rings,
    )


def _lines(words: Wording, told: DlqBurst) -> Iterator[str]:
    priority = words.policy.most_severe.priority
    yield words.say("replay.burst.title", priority=priority, count=told.count)
    for failure in told.shown:
        yield f"`{short_id(failure.id)}` **{_title(words, failure)}** → {where(failure.channel or '?')}"
        yield f"-# {_when(words, failure)}" + (
            f" · {inert(failure.error, limit=160)}" if failure.error else ""
        )
    if (more := told.count - len(told.shown)) > 0:
        yield words.say("replay.burst.more", count=more)


def _option(words: Wording, failure: SeenFailure) -> Option:
    label = f"{short_id(failure.id)} {failure.title or words.say('consoles.dlq.untitled')}"
    return Option(failure.id, plain(label, limit=100), _when(words, failure))


def _title(words: Wording, failure: SeenFailure) -> str:
    return inert(failure.title or words.say("consoles.dlq.untitled"), limit=_TITLE_LIMIT)


def _when(words: Wording, failure: SeenFailure) -> str:
    said = answer(words, failure.http_status, failure.error)
    return f"{words.moment(failure.attempted_at)} · {said}"


RENDERERS: Final[Renderers] = {DeliveryKind.DLQ_BURST: burst}
