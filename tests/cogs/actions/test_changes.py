"""How an action item changes, and what people read of its state."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.domain.action_items import (
    ActionItem,
    ActionSource,
    ActionState,
    Reopening,
    WatchedAlert,
)
from bot.domain.errors import UserError
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.people import Person
from cogs.actions import rules
from cogs.actions.rules import (
    ActionNotFound,
    action_number,
)

AT = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)
UNTIL = AT + timedelta(days=14)
DAY = date(2026, 12, 4)
BY = Person(id=1, name="primary")
ALERT = WatchedAlert("a" * 64, "API latency")
ITEM = ActionItem(
    id=7,
    guild_id=100,
    incident_id=42,
    what="リトライ上限を 3 回にする",
    owner=PersonRef(2, "secondary"),
    due_on=DAY,
    verification="5xx が 0.1% 未満",
    source=ActionSource.COMMAND,
    created=ByPerson(1, "primary", AT),
    next_at=AT,
)
WATCHING = replace(ITEM, alert=ALERT)


def done(item: ActionItem = WATCHING) -> ActionItem:
    """The item as it is after [✅ 完了]."""
    return rules.done(item, by=BY, at=AT, watched_until=UNTIL)


def test_done_without_an_alert_is_done() -> None:
    """An action item without an alert is done at once: it is not watched and not looked at later."""
    item = done(ITEM)
    assert (item.state(DAY), item.watched_until, item.next_at) == (ActionState.DONE, None, None)
    assert item.closed == ByPerson(1, "primary", AT)
    assert item.version == ITEM.version + 1


def test_done_with_an_alert_is_watched_then_verified() -> None:
    """A done action item with an alert is watched, and verified when the watch has passed in silence."""
    item = done()
    assert (item.state(DAY), item.next_at) == (ActionState.WATCHED, UNTIL)
    proven = rules.verified(item, at=UNTIL)
    assert (proven.state(DAY), proven.next_at) == (ActionState.VERIFIED, None)


def test_an_alert_counts_only_after_the_item_was_done() -> None:
    """The alert that led to the item does not undo it."""
    item = done()
    assert not rules.has_fired(item)
    assert not rules.has_fired(replace(item, fired_at=AT - timedelta(hours=1)))
    assert rules.has_fired(replace(item, fired_at=AT + timedelta(hours=1)))
    assert not rules.has_fired(replace(WATCHING, fired_at=AT + timedelta(hours=1)))


def test_a_reopened_item_begins_anew() -> None:
    """A reopened action item is open, and nothing of its end is left.

    Once it is done again, it is watched for the whole time again, and an alert that fired before that does
    not count against it.
    """
    fired = replace(rules.verified(done(), at=UNTIL), fired_at=UNTIL + timedelta(days=1), fired_in=50)
    item = rules.reopened(fired, Reopening(at=UNTIL, incident_id=50))
    assert item.is_open
    assert (item.closed, item.verified_at, item.watched_until) == (None, None, None)
    assert item.reopenings == 1
    again = rules.done(item, by=BY, at=UNTIL + timedelta(days=2), watched_until=UNTIL + timedelta(days=16))
    assert again.watched_until == again.next_at == UNTIL + timedelta(days=16)
    assert (again.fired_at, again.fired_in) == (None, None)
    assert not rules.has_fired(again)
    dropped = rules.dropped(ITEM, by=BY, at=AT, reason="x")
    assert rules.reopened(dropped, Reopening(at=UNTIL)).reason == ""


@pytest.mark.parametrize(
    ("closed", "key"),
    [
        (done(), "action_item.already_done"),
        (rules.dropped(ITEM, by=BY, at=AT, reason="x"), "action_item.already_dropped"),
    ],
)
def test_a_closed_item_changes_only_by_reopening(closed: ActionItem, key: str) -> None:
    """A closed action item refuses every change but a reopening, and says who closed it.

    An open item refuses to be reopened.
    """
    acts: list[Callable[[], ActionItem]] = [
        lambda: rules.done(closed, by=BY, at=AT, watched_until=UNTIL),
        lambda: rules.dropped(closed, by=BY, at=AT, reason="y"),
        lambda: rules.edited(closed, rules.ActionEdit(what="y")),
    ]
    for act in acts:
        with pytest.raises(UserError) as refused:
            act()
        assert (refused.value.key, refused.value.fields["who"]) == (key, "primary")
    with pytest.raises(UserError):
        rules.reopened(ITEM, Reopening(at=AT))


def test_an_edit_changes_what_it_names() -> None:
    """The rest stays, and an edit that changes nothing is none."""
    item = rules.edited(ITEM, rules.ActionEdit(due_on=DAY + timedelta(days=1)))
    assert item == replace(ITEM, due_on=DAY + timedelta(days=1), version=2)
    assert rules.edited(ITEM, rules.ActionEdit(what=ITEM.what)) is ITEM
    assert rules.edited(ITEM, rules.ActionEdit(owner=PersonRef(2, "another name"))) is ITEM


@pytest.mark.parametrize(
    ("today", "state"),
    [
        (DAY - timedelta(days=1), ActionState.OPEN),
        (DAY, ActionState.DUE_TODAY),
        (DAY + timedelta(days=1), ActionState.OVERDUE),
    ],
)
def test_an_open_item_is_overdue_from_the_day_after(today: date, state: ActionState) -> None:
    """An open action item is overdue from the day after its due date, not on that day itself."""
    assert ITEM.state(today) is state
    assert ITEM.is_overdue(today) is (state is ActionState.OVERDUE)


@pytest.mark.parametrize("text", ["AI-7", "ai-7", "AI7", " 7 ", "#7", "ＡＩ－７", "＃７"])
def test_an_item_is_named_as_people_write_it(text: str) -> None:
    """The number of an action item is read with or without its letters, in either case."""
    assert action_number(text) == ITEM.id


@pytest.mark.parametrize("text", ["", "AI-", "INC-7", "7 8", "9" * 30])
def test_what_is_no_number_names_no_item(text: str) -> None:
    """A text that is no number of an action item is refused like the number of an unknown item."""
    with pytest.raises(ActionNotFound):
        action_number(text)
