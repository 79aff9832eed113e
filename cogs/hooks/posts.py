"""The note that what a source has sent cannot be read."""

from typing import Final

from bot.domain.delivery.delivery import Delivery
from bot.ui.posts.bodies import Body, Renderers, alone, message
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording
from cogs.hooks.rules import HookDeliveryKind, HookUnreadData

_LABEL_LIMIT: Final = 160
_PROBLEM_LIMIT: Final = 300


def unread(words: Wording, delivery: Delivery) -> Body:
    """Compose the notice that what a source has sent could not be read, so that no alert came of it."""
    data = HookUnreadData.from_json(delivery.data)
    label = inert(data.label, limit=_LABEL_LIMIT)
    problem = inert(data.problem, limit=_PROBLEM_LIMIT)
    line = words.say("tracked.hook_unread", label=label, source=data.source, problem=problem)
    return message(line)


RENDERERS: Final[Renderers] = {HookDeliveryKind.HOOK_UNREAD: alone(unread)}
