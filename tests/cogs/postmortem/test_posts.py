"""Test the posts about a required postmortem: the owner's DM, the lines in the thread, the answers."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, PersonRef
from bot.domain.incident.parts import Aftermath, PostmortemReminderStage, PostmortemState
from bot.ui.posts.renderer import render
from bot.ui.words.wording import Wording
from cogs.postmortem.documents import PostmortemView
from cogs.postmortem.owing import PostmortemChange
from cogs.postmortem.rules import (
    Occasion,
    PostmortemDelivery,
    PostmortemDm,
    PostmortemDueNotice,
    PostmortemOccasion,
)
from cogs.postmortem.screens import done_screen, given, shown, undone
from tests.unit.ui import screens
from tests.unit.ui.incident.test_resolution import OVER, OWED
from tests.unit.ui.samples import AT, EN, JA, delivery, description_of, presses_of

DUE = date(2026, 12, 1)
OWNER = PersonRef(101, "primary")


def dm(incident: Incident = OVER, words: Wording = JA, **facts: Any) -> Any:
    """The DM to the owner."""
    told = PostmortemDm(owner_id=101, owner="primary", due_on=DUE, **facts)
    return render(words, delivery(PostmortemDelivery.DM, data=told.to_json()), incident)


@pytest.mark.parametrize(
    ("stage", "first", "task"),
    [
        (PostmortemReminderStage.BEFORE, "📝 INC-42 の postmortem：12/01 (火) まで", "12/01 (火) までに"),
        (
            PostmortemReminderStage.AFTER,
            "⏰ INC-42 の postmortem の期限 12/01 (火) を過ぎました",
            "期限 12/01 (火) を過ぎました",
        ),
        (
            None,
            "📝 @secondary から INC-42 の postmortem を任されました：12/01 (火) まで",
            "12/01 (火) までに",
        ),
    ],
)
def test_the_dm_says_what_is_due_and_when(
    stage: PostmortemReminderStage | None, first: str, task: str
) -> None:
    """The DM about a postmortem says what is due and when, first in the text that a lock screen shows.

    The DM names the file to write, and its first button marks the postmortem done.
    """
    body = dm(stage=stage, by="secondary" if stage is None else None)
    assert str(body["content"]).startswith(first)
    assert "決済 API が 5xx" in str(body["content"])
    due = description_of(body).splitlines()[0]
    assert task in due
    assert "`docs/ops/postmortems/2026-11-24-決済-api-が-5xx.md` を書いてください" in due.replace("**", "")
    assert presses_of(body)[0] == "inc:v1:postmortem_done:42"
    assert body["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize(
    ("occasion", "first"),
    [
        (Occasion.GIVEN, "📝 @secondary から INC-42 の postmortem を任されました：12/01 (火) まで"),
        (Occasion.RESOLVED, "📝 INC-42 が解決しました。postmortem の担当はあなたです：12/01 (火) まで"),
        (Occasion.REDATED, "📝 INC-42 の postmortem の期限が 12/01 (火) に変わりました"),
    ],
)
def test_the_dm_says_why_it_comes(occasion: Occasion, first: str) -> None:
    """Given by a person, theirs since the resolve, or with another date."""
    body = dm(by="secondary", occasion=occasion)
    assert str(body["content"]).startswith(first)
    assert presses_of(body)[0] == "inc:v1:postmortem_done:42"


def test_a_reminder_of_a_former_date_says_the_new_one() -> None:
    """After a postmortem's due date was moved, an overdue reminder says only that the date has changed."""
    moved = replace(OVER, aftermath=Aftermath(postmortem=replace(OWED, due_on=date(2026, 12, 10))))
    body = dm(moved, stage=PostmortemReminderStage.AFTER)
    assert str(body["content"]).startswith("📝 INC-42 の postmortem の期限が 12/10 (木) に変わりました")
    assert "過ぎました" not in description_of(body)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": PostmortemState.DONE, "done_at": AT}, "済みました"),
        ({"state": PostmortemState.NOT_OWED}, "再開しました"),
        ({"owner_id": 102, "owner_name": "secondary"}, "@secondary に替わりました"),
    ],
)
def test_a_dm_that_is_past_says_so(change: dict[str, Any], said: str) -> None:
    """A DM about a postmortem that is done, not owed or given to another owner says so.

    The DM says that there is nothing to do, and its only button leads to the thread.
    """
    now = replace(OVER, aftermath=Aftermath(postmortem=replace(OWED, **change)))
    body = dm(now, stage=PostmortemReminderStage.BEFORE)
    assert said in str(body["content"])
    assert description_of(body) == "今やることはありません。"
    assert presses_of(body) == ["https://discord.com/channels/7/900"]


def line(words: Wording = JA, **facts: Any) -> Any:
    """The line in the thread."""
    told = PostmortemDueNotice(owner=OWNER, due_on=DUE, **facts)
    return render(words, delivery(DeliveryKind.NOTICE, data=told.as_data()), OVER)


@pytest.mark.parametrize("why", [PostmortemOccasion.OVERDUE, PostmortemOccasion.UNDELIVERED])
def test_the_thread_mentions_the_owner(why: PostmortemOccasion) -> None:
    """The line in the thread mentions the postmortem's owner alone, and has the button to mark it done."""
    body = line(why=why)
    assert "<@101>" in str(body["content"])
    assert body["allowed_mentions"] == {"parse": [], "users": ["101"]}
    assert presses_of(body) == ["inc:v1:postmortem_done:42"]


@pytest.mark.parametrize("why", [PostmortemOccasion.GONE, PostmortemOccasion.HIDDEN])
def test_in_the_place_of_an_owner_who_is_away_another_is_mentioned(why: PostmortemOccasion) -> None:
    """If the owner has left or may not see it, the line names them and mentions another person, or no one."""
    body = line(why=why, lead=PersonRef(102, "secondary"))
    assert "<@102>" in str(body["content"])
    assert "@primary" in str(body["content"])
    assert body["allowed_mentions"] == {"parse": [], "users": ["102"]}
    assert line(why=why, asks="primary")["allowed_mentions"] == {"parse": []}


def test_a_stand_in_is_named_only() -> None:
    """A stand-in without a Discord id, such as somebody who acknowledged by email, is not mentioned."""
    body = line(why=PostmortemOccasion.GONE, lead=PersonRef(-5, "mail"))
    assert "<@" not in str(body["content"])


@pytest.mark.parametrize("words", [JA, EN])
def test_every_reminder_reads_in_both_languages(words: Wording) -> None:
    """No text is missing, and no placeholder left."""
    for stage in (None, PostmortemReminderStage.BEFORE, PostmortemReminderStage.AFTER):
        body = dm(words=words, stage=stage, by="a")
        assert "{" not in f"{body['content']}{description_of(body)}"
    for occasion in Occasion:
        body = dm(words=words, occasion=occasion, by="a")
        assert "{" not in f"{body['content']}{description_of(body)}"
    for why in PostmortemOccasion:
        assert "{" not in str(line(words, why=why)["content"])


def test_the_answers_name_owner_and_date() -> None:
    """The answers about a postmortem name its owner and due date, whether or not anything has changed.

    A new date alone is told as such; whoever marks it done second is told who was first, and may undo it.
    """
    for changed in (True, False):
        result = PostmortemChange(OVER, OWED, changed=changed)
        assert "@primary" in given(screens.JA, result)
        assert "12/01 (火)" in undone(screens.JA, result)
    redated = PostmortemChange(OVER, OWED, changed=True, is_same_owner=True)
    assert "期限を 12/01 (火) に変えました" in given(screens.JA, redated)
    done = PostmortemChange(OVER, replace(OWED, done_by_name="secondary"), changed=False)
    screen = done_screen(screens.JA, done)
    assert "@secondary が済みにしています" in screens.words(screen)
    assert screens.presses(screen)[0] == "inc:v1:postmortem_undo:42"


def test_show_says_that_the_date_has_passed() -> None:
    """A post cannot, since it is not edited as days pass."""
    view = PostmortemView(OVER, OWED, None)
    assert "📝 postmortem：@primary · 12/01 (火) まで" in shown(screens.JA, view, today=OWED.due_on)
    late = shown(screens.JA, view, today=OWED.due_on + timedelta(days=1))
    assert "⏰ postmortem：@primary · 期限 12/01 (火) を過ぎました" in late
