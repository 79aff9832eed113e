"""When the owner of a postmortem is reminded."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.domain.incident.parts import PostmortemReminderStage
from cogs.postmortem import rules
from cogs.postmortem.rules import Reminder
from tests.cogs.postmortem.examples import HOURS, NOW, owed, tokyo

#: Due on a Tuesday; the day after it is a holiday.
DUE = owed()


def test_a_business_day_before_the_date_and_after_it_then_in_the_thread() -> None:
    """Reminders come a business day before and after the due date, then in the thread.

    Each comes as business opens; the holiday after the date is passed over.
    """
    assert list(rules.reminders_of(DUE, HOURS)) == [
        Reminder(PostmortemReminderStage.BEFORE, tokyo(11, 30, 10)),
        Reminder(PostmortemReminderStage.AFTER, tokyo(12, 3, 10)),
        Reminder(PostmortemReminderStage.THREAD, tokyo(12, 4, 10)),
    ]
    assert DUE.remind_at == tokyo(11, 30, 10)


def test_over_the_turn_of_a_weekend() -> None:
    """Due on a Monday: the day before is a Friday."""
    on_monday = replace(DUE, due_on=date(2026, 12, 7))
    assert [one.at for one in rules.reminders_of(on_monday, HOURS)] == [
        tokyo(12, 4, 10),
        tokyo(12, 8, 10),
        tokyo(12, 9, 10),
    ]


def test_one_is_due_from_its_time_on_and_once() -> None:
    """A reminder is due from its time on, not a second earlier, and is not due again once it was sent."""
    at = tokyo(11, 30, 10)
    assert rules.due(DUE, HOURS, now=at - timedelta(seconds=1)) is None
    assert rules.due(DUE, HOURS, now=at) == Reminder(PostmortemReminderStage.BEFORE, at)
    sent = replace(DUE, reminded=PostmortemReminderStage.BEFORE)
    assert rules.due(sent, HOURS, now=at) is None
    assert rules.following(sent, HOURS, now=at) == Reminder(PostmortemReminderStage.AFTER, tokyo(12, 3, 10))


@pytest.mark.parametrize(
    ("late", "latest"),
    [
        (tokyo(12, 3, 12), Reminder(PostmortemReminderStage.AFTER, tokyo(12, 3, 10))),
        (tokyo(12, 11, 12), Reminder(PostmortemReminderStage.THREAD, tokyo(12, 4, 10))),
    ],
)
def test_of_several_late_ones_the_latest_is_sent(late: datetime, latest: Reminder) -> None:
    """Of several overdue reminders only the latest is sent, and once."""
    assert rules.due(DUE, HOURS, now=late) == latest
    assert rules.due(replace(DUE, reminded=latest.stage), HOURS, now=late) is None


def test_after_the_last_there_is_none() -> None:
    """The weekly digest asks from then on."""
    all_sent = replace(DUE, reminded=PostmortemReminderStage.THREAD)
    assert rules.following(all_sent, HOURS, now=NOW) is None
    assert rules.due(all_sent, HOURS, now=tokyo(12, 31, 10)) is None
