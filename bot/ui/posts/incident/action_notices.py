"""The lines in the thread about action items, and the DMs to their owners."""

from collections.abc import Iterator
from typing import Final

from bot.domain.actions.deliveries import ActionDm, ActionDmReason
from bot.domain.actions.item import action_label
from bot.domain.actions.notices import (
    ActionAddedNotice,
    ActionDoneNotice,
    ActionDroppedNotice,
    ActionDueNotice,
    ActionEditedNotice,
    ActionNotice,
    ActionReopenedNotice,
    ActionVerifiedNotice,
)
from bot.domain.delivery.delivery import Delivery
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, label_of
from bot.services.ports import Subject
from bot.ui.buttons import Component, row
from bot.ui.posts.bodies import GREY, Body, embed, message
from bot.ui.posts.looks import NoticeLook, NoticeLooks, Renderers, by, with_reason
from bot.ui.verbs import ActionVerb
from bot.ui.words import links
from bot.ui.words.action_words import action_facts, days_left, due_day, what_of
from bot.ui.words.wording import Wording

_OPEN: Final = (ActionVerb.FINISH, ActionVerb.CHANGE, ActionVerb.DROP)
_RED: Final = 0xED4245
_ORANGE: Final = 0xF0A020
_COLOURS: Final = {
    ActionDmReason.AHEAD: _ORANGE,
    ActionDmReason.TODAY: _ORANGE,
    ActionDmReason.OVERDUE: _RED,
    ActionDmReason.FIRED: _RED,
    ActionDmReason.OWNER_LEFT: _ORANGE,
}


def controls(words: Wording, item_id: int, *verbs: ActionVerb) -> list[Component]:
    """Return the row of buttons below an item; those of an open one if no verbs are given."""
    return row([words.buttons.make(verb, item_id) for verb in verbs or _OPEN])


def added(words: Wording, _incident: Incident, told: ActionAddedNotice) -> Body:
    """Compose the line about a new item; it pings no one, the owner gets a DM."""
    return _with_facts(words, told, "added")


def edited(words: Wording, _incident: Incident, told: ActionEditedNotice) -> Body:
    """Compose the line about a changed item, with what it says now."""
    return _with_facts(words, told, "edited")


def done(words: Wording, _incident: Incident, told: ActionDoneNotice) -> Body:
    """Compose the line about a finished item, with until when its alert is watched."""
    line = _say(words, told, "done")
    if told.watched_until is not None:
        line = words.say("actions.notice.watched", line=line, until=words.moment(told.watched_until))
    return message(line, components=controls(words, told.item, ActionVerb.RENEW))


def dropped(words: Wording, _incident: Incident, told: ActionDroppedNotice) -> Body:
    """Compose the line about a dropped item, with the reason."""
    line = with_reason(words, _say(words, told, "dropped"), told.reason)
    return message(line, components=controls(words, told.item, ActionVerb.RENEW))


def reopened(words: Wording, _incident: Incident, told: ActionReopenedNotice) -> Body:
    """Compose the line about a reopened item: who did it and why, or which alert has fired."""
    key = "reopened" if not told.fired else "fired" if told.number is None else "fired_in"
    other = "" if told.number is None else label_of(told.number)
    line = _say(words, told, key, owner=words.who(told.owner), other=other)
    return message(with_reason(words, line, told.reason), components=controls(words, told.item))


def verified(words: Wording, _incident: Incident, told: ActionVerifiedNotice) -> Body:
    """Compose the line about an item whose alert has been silent for long enough."""
    return message(_say(words, told, "verified"))


def due(words: Wording, incident: Incident, told: ActionDueNotice) -> Body:
    """Compose the line that asks for an item; it pings its owner, and no one in a silenced incident."""
    owner, day = words.who(told.owner), due_day(words, told.due_on)
    if told.lead_id is None and not told.refused:
        line = _say(words, told, "no_reader", owner=owner, due=day)
        return message(line, components=controls(words, told.item))
    rings = told.lead_id is not None and incident.rings
    who = f"<@{told.lead_id}>" if rings else owner
    line = _say(words, told, "overdue" if told.is_overdue else "due", who=who, due=day)
    if told.refused:
        line = words.say("actions.notice.refused", line=line, owner=owner)
    body = message(line, components=controls(words, told.item))
    if rings:
        body["allowed_mentions"] = {"parse": [], "users": [str(told.lead_id)]}
    return body


def action_dm(words: Wording, told: ActionDm, incident: Incident | None) -> Body:
    """Compose a DM about an item: what it is and why now, how it is verified; with its buttons."""
    head = words.say(
        f"actions.dm.{_dm_key(told)}",
        label=action_label(told.item),
        what=what_of(told.what),
        by=words.who(told.by),
        owner=words.who(told.owner),
        due=due_day(words, told.due_on),
        left=days_left(words, told.due_on),
        at="" if told.fired_at is None else words.moment(told.fired_at),
    )
    shown = embed(colour=_COLOURS.get(told.why, GREY), description="\n".join(_below(words, told, incident)))
    to_thread = None if incident is None else words.buttons.link(*links.home(incident))
    buttons = [words.buttons.make(verb, told.item) for verb in _OPEN]
    return message(head, embeds=[shown], components=row([*buttons, to_thread]))


def _dm_key(told: ActionDm) -> str:
    """Return the text of the first lines. A reminder of the day itself may come late, after days off."""
    is_late = told.why is ActionDmReason.TODAY and told.day is not None and told.day > told.due_on
    return "today_late" if is_late else told.why.value


def _below(words: Wording, told: ActionDm, incident: Incident | None) -> Iterator[str]:
    if told.why is ActionDmReason.OWNER_LEFT:
        yield words.say("actions.dm.new_owner", label=action_label(told.item))
    elif told.why is ActionDmReason.OVERDUE:
        yield words.say("actions.dm.moves")
    yield words.say("actions.dm.verification", verification=what_of(told.verification))
    if incident is not None:
        yield words.say("actions.dm.incident", label=incident.label, title=words.title(incident))


def _with_facts(words: Wording, told: ActionAddedNotice | ActionEditedNotice, key: str) -> Body:
    facts = action_facts(words, owner=told.owner, due_on=told.due_on, verification=told.verification)
    return message(_say(words, told, key, facts=facts), components=controls(words, told.item))


def _say(words: Wording, told: ActionNotice, key: str, **fields: str) -> str:
    values = {"label": action_label(told.item), "what": what_of(told.what), "who": by(words, told)}
    return words.say(f"actions.notice.{key}", **(values | fields))


def _action_dm(words: Wording, delivery: Delivery, subject: Subject) -> Body:
    incident = subject if isinstance(subject, Incident) else None
    return action_dm(words, ActionDm.from_json(delivery.data), incident)


NOTICES: Final[NoticeLooks] = (
    NoticeLook(ActionAddedNotice, added),
    NoticeLook(ActionEditedNotice, edited),
    NoticeLook(ActionDoneNotice, done),
    NoticeLook(ActionDroppedNotice, dropped),
    NoticeLook(ActionReopenedNotice, reopened),
    NoticeLook(ActionVerifiedNotice, verified),
    NoticeLook(ActionDueNotice, due),
)

RENDERERS: Final[Renderers] = {DeliveryKind.ACTION_DM: _action_dm}
