"""From what is owed to the body of the request that gives it. The bodies themselves: one module per kind."""

from collections.abc import Callable, Mapping

from bot.domain.delivery import Delivery, DeliveryKind
from bot.domain.digest import Digest
from bot.domain.incident import Incident
from bot.ui.alerts import alert, thread_root
from bot.ui.bodies import Body
from bot.ui.buttons import reaction_of
from bot.ui.digests import digest
from bot.ui.pages import escalation, page
from bot.ui.reevaluations import reevaluation
from bot.ui.replays import replay
from bot.ui.threads import notice, thread, thread_card, thread_start
from bot.ui.wording import Wording

#: Kinds that are edited when their incident changes.
REFRESHED = frozenset(
    {
        DeliveryKind.ALERT,
        DeliveryKind.THREAD_ROOT,
        DeliveryKind.THREAD_CARD,
        DeliveryKind.PAGE,
        DeliveryKind.ESCALATION,
    }
)


_PLAIN: Mapping[DeliveryKind, Callable[[Wording, Incident], Body]] = {
    DeliveryKind.ALERT: alert,
    DeliveryKind.THREAD_ROOT: thread_root,
    DeliveryKind.THREAD: thread,
    DeliveryKind.THREAD_START: thread_start,
    DeliveryKind.THREAD_CARD: thread_card,
}
_WITH_DATA: Mapping[DeliveryKind, Callable[[Wording, Incident, Mapping[str, object]], Body]] = {
    DeliveryKind.PAGE: page,
    DeliveryKind.ESCALATION: escalation,
    DeliveryKind.NOTICE: notice,
}


def render(words: Wording, delivery: Delivery, subject: Incident | Digest | None) -> Body:
    """The JSON body that *delivery* asks for.

    Args:
        words: The team's.
        delivery: What is owed.
        subject: Its incident as it is now, its week's figures, or None for a re-evaluation or a replay.

    Raises:
        TypeError: the subject does not go with the kind: a bug.
    """
    match delivery.kind, subject:
        case DeliveryKind.REEVALUATION, _:
            return reevaluation(words, delivery.data)
        case DeliveryKind.REPLAY, _:
            return replay(words, delivery)
        case DeliveryKind.SEED_ACK, _:
            return {"emoji": reaction_of(words.policy.ack_emoji)}
        case DeliveryKind.DIGEST, Digest() as week:
            return digest(words, week)
        case kind, Incident() as incident:
            return _of_incident(kind, words, incident, data=delivery.data)
    raise TypeError(f"{delivery.kind} about {type(subject).__name__}")


def _of_incident(
    kind: DeliveryKind, words: Wording, incident: Incident, *, data: Mapping[str, object]
) -> Body:
    if kind in _PLAIN:
        return _PLAIN[kind](words, incident)
    if kind in _WITH_DATA:
        return _WITH_DATA[kind](words, incident, data)
    raise TypeError(f"{kind} about an incident")
