"""The lines about a maintenance window: it began or was changed, and what it has held once it is over."""

from collections.abc import Iterator
from typing import Final

from bot.domain.alerts.windows import WindowData
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import label_of
from bot.services.ports import Subject
from bot.ui.posts.bodies import Body, message
from bot.ui.posts.looks import Renderers
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording

_TARGET_LIMIT: Final = 80
_REASON_LIMIT: Final = 200
_NUMBERS: Final = 20


def window_line(words: Wording, delivery: Delivery, _subject: Subject) -> Body:
    """Compose the line about a maintenance window that began or ended, without a ping."""
    data = WindowData.from_json(delivery.data)
    lines = _ended(words, data) if data.until is None else _began(words, data)
    return message("\n".join(lines))


def _began(words: Wording, data: WindowData) -> Iterator[str]:
    until = "" if data.until is None else words.moment(data.until)
    yield words.say("alert_decisions.window.began", who=words.who(data.by), target=_target(data), until=until)
    if data.reason:
        yield words.say("alert_decisions.window.reason", reason=inert(data.reason, limit=_REASON_LIMIT))
    if data.spares:
        yield words.say("alert_decisions.window.spares", severities=" / ".join(data.spares))
    else:
        yield words.say("alert_decisions.window.holds_all", severity=words.policy.most_severe.name)


def _ended(words: Wording, data: WindowData) -> Iterator[str]:
    key = "ended_by" if data.by else "ended"
    yield words.say(f"alert_decisions.window.{key}", target=_target(data), who=words.who(data.by or "?"))
    if not data.alerts:
        yield words.say("alert_decisions.window.held_none")
        return
    labels = [label_of(number) for number in data.numbers[:_NUMBERS]]
    numbers = " ".join(labels) + (" …" if len(data.numbers) > _NUMBERS else "")
    key = "still" if data.numbers else "all_over"
    still = words.say(f"alert_decisions.window.{key}", count=len(data.numbers), numbers=numbers)
    yield words.say("alert_decisions.window.held", alerts=data.alerts, times=data.times, still=still)


def _target(data: WindowData) -> str:
    return inert(data.target, limit=_TARGET_LIMIT)


RENDERERS: Final[Renderers] = {DeliveryKind.ALERT_WINDOW: window_line}
