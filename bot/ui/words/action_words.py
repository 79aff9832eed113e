"""Action items in words: their days, states and facts, and the details of their timeline entries."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from bot.domain.actions.entries import (
    ActionAddedEntry,
    ActionDoneEntry,
    ActionDroppedEntry,
    ActionEditedEntry,
    ActionEntry,
    ActionReopenedEntry,
    ActionVerifiedEntry,
)
from bot.domain.actions.item import ActionItem, ActionState, action_label
from bot.domain.calendar.business_time import Weekday, local_moment
from bot.domain.incident.incident import label_of
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording, relative

_WEEKDAYS: Final = tuple(Weekday)
_WHAT_LIMIT: Final = 620  # 300 characters as typed, escaped


def due_day(words: Wording, day: date) -> str:
    """Return a day with its weekday: "12/05 (土)"."""
    weekday = words.say(f"actions.weekday.{_WEEKDAYS[day.weekday()].value}")
    return words.say("actions.day", date=f"{day:%m/%d}", weekday=weekday)


def days_left(words: Wording, day: date) -> str:
    """Return the markup that Discord shows as "in 3 days", counted to the end of business on *day*."""
    hours = words.policy.business_hours
    return relative(local_moment(day, hours.ends, timezone=hours.timezone))


def what_of(text: str) -> str:
    """Return what is to be done, safe to show."""
    return inert(text, limit=_WHAT_LIMIT)


def action_state(words: Wording, item: ActionItem, *, today: date) -> str:
    """Return the state of *item* on the local day *today*: "🔴 期限切れ"."""
    state = item.state(today)
    if state is ActionState.WATCHED and item.watched_until is not None:
        return words.say("actions.state.watched", until=words.moment(item.watched_until))
    return words.say(f"actions.state.{state.value}")


def action_facts(words: Wording, *, owner: str, due_on: date, verification: str) -> str:
    """Return owner, due date and how it will be verified, in two lines."""
    return words.say(
        "actions.facts",
        owner=words.who(owner),
        due=due_day(words, due_on),
        verification=what_of(verification),
    )


def action_line(words: Wording, item: ActionItem, *, today: date, limit: int = _WHAT_LIMIT) -> str:
    """Return *item* in two lines of a list.

    Args:
        today: The local day.
        limit: Characters of what is to be done.
    """
    return words.say(
        "actions.line" if item.is_open else "actions.line_closed",
        label=item.label,
        what=inert(item.what, limit=limit),
        state=action_state(words, item, today=today),
        due=due_day(words, item.due_on),
        owner=words.who(item.owner.name),
    )


def added_details(words: Wording, data: ActionAddedEntry, limit: int) -> Iterator[str]:
    """Yield the item, its owner and its due date."""
    yield _item(words, data, limit)
    yield words.say("actions.fact.owner", who=words.who(data.owner))
    if data.due_on is not None:
        yield words.say("actions.fact.due", due=due_day(words, data.due_on))


def edited_details(words: Wording, data: ActionEditedEntry, limit: int) -> Iterator[str]:
    """Yield the action item, and each thing that the edit changed."""
    yield _item(words, data, limit)
    if data.before is not None:
        yield words.say("actions.fact.before", what=inert(data.before, limit=limit))
    if data.owner is not None:
        yield words.say("actions.fact.owner", who=words.who(data.owner))
    if data.due_on is not None:
        yield words.say("actions.fact.due", due=due_day(words, data.due_on))
    if data.verification is not None:
        yield words.say("actions.fact.verification", verification=inert(data.verification, limit=limit))
    if data.alert is not None:
        yield words.say("actions.fact.alert", title=inert(data.alert, limit=limit))


def done_details(words: Wording, data: ActionDoneEntry, limit: int) -> Iterator[str]:
    """Yield the item, and until when its alert is watched."""
    yield _item(words, data, limit)
    if isinstance(data.watched_until, datetime):
        yield words.say("actions.fact.watched", until=words.moment(data.watched_until))


def dropped_details(words: Wording, data: ActionDroppedEntry, limit: int) -> Iterator[str]:
    """Yield the item, and why it will not be done."""
    yield _item(words, data, limit)
    yield words.say("history.fact.reason", reason=inert(data.reason, limit=limit))


def reopened_details(words: Wording, data: ActionReopenedEntry, limit: int) -> Iterator[str]:
    """Yield the item, and why it is open again."""
    yield _item(words, data, limit)
    if data.reason is None:
        other = None if data.with_ is None else label_of(data.with_)
        yield words.say("actions.fact.fired" if other is None else "actions.fact.fired_in", other=other or "")
    elif data.reason:
        yield words.say("history.fact.reason", reason=inert(data.reason, limit=limit))


def verified_details(words: Wording, data: ActionVerifiedEntry, limit: int) -> Iterator[str]:
    """Yield the action item that was verified."""
    yield _item(words, data, limit)


def _item(words: Wording, data: ActionEntry, limit: int) -> str:
    return words.say("actions.fact.item", label=action_label(data.item), what=inert(data.what, limit=limit))
