"""An action item and its issue: who has changed what since both agreed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.code_host import Issue, IssueText
from cogs.actions.rules import IssueExport, IssuePoll, words_of

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
ISSUE = Issue(12, "https://github.com/x/y/issues/12", "title", "body", True, True, ("people",), NOW)
EXPORT = IssueExport(
    item_id=7,
    guild_id=1,
    repository="x/y",
    opening_at=NOW,
    number=12,
    url=ISSUE.url,
    shown_version=1,
    is_open=True,
    seen_at=NOW,
    words=words_of("title", "body"),
    assignee=None,
    unassignable=None,
    next_at=None,
    trouble=None,
)


def test_a_list_that_lags_behind_is_no_change_of_theirs() -> None:
    """A list of issues that still shows a closed one as open does not count as a reopening."""
    closed = EXPORT.agreed(replace(ISSUE, is_open=False, updated_at=NOW + timedelta(seconds=2)), version=2)
    assert not closed.was_changed_there(ISSUE)
    assert closed.was_changed_there(replace(ISSUE, updated_at=NOW + timedelta(seconds=2)))


def test_what_both_agree_on_is_no_change() -> None:
    """An issue that shows what was agreed counts as unchanged, however recently it was updated."""
    assert not EXPORT.was_changed_there(replace(ISSUE, updated_at=NOW + timedelta(days=1)))


@given(st.text(max_size=20), st.text(max_size=20), st.booleans(), st.booleans())
def test_no_word_of_people_is_overwritten(title: str, body: str, is_title: bool, is_body: bool) -> None:
    """A title or body that people changed on the issue stays; an unchanged one follows the action item."""
    there = replace(
        ISSUE,
        title=f"people's {title}" if is_title else "title",
        body=f"people's {body}" if is_body else "body",
    )
    text, words = EXPORT.merged(there, IssueText("new title", "new body"))
    assert text.title == (there.title if is_title else "new title")
    assert text.body == (there.body if is_body else "new body")
    after = replace(EXPORT, words=words)
    again, _ = after.merged(replace(there, title=text.title, body=text.body), IssueText("third", "third"))
    assert again.title == (there.title if is_title else "third")
    assert again.body == (there.body if is_body else "third")


@pytest.mark.parametrize(
    ("before", "refused", "login", "there", "wanted"),
    [
        (None, None, "new", (), ("new",)),
        ("old", None, "new", ("old", "people"), ("people", "new")),
        ("old", None, None, ("old", "people"), ("people",)),
        ("old", None, "old", (), None),
        (None, None, None, ("people",), None),
        (None, "new", "new", (), None),
        (None, None, "people", ("people",), ("people",)),
    ],
)
def test_only_the_bots_own_assignee_is_replaced(
    before: str | None,
    refused: str | None,
    login: str | None,
    there: tuple[str, ...],
    wanted: tuple[str, ...] | None,
) -> None:
    """Only the assignee whom the bot has set is replaced; assignees whom people added stay.

    Nothing is sent if the owner's login is the same as before or was refused before.
    """
    export = replace(EXPORT, assignee=before, unassignable=refused)
    assert export.assignees(replace(ISSUE, assignees=there), login) == wanted


def test_an_assignee_that_is_left_out_without_a_word_is_noticed() -> None:
    """GitHub drops those whom it does not let be assigned, and answers 201."""
    assert EXPORT.assigned(ISSUE, "nobody").unassignable == "nobody"
    known = replace(EXPORT, unassignable="nobody").assigned(replace(ISSUE, assignees=("nobody",)), "nobody")
    assert (known.assignee, known.unassignable) == ("nobody", None)
    assert EXPORT.assigned(ISSUE, None).unassignable is None


def test_another_repository_knows_nothing_of_it() -> None:
    """A new issue is opened there."""
    moved = EXPORT.moved_to("x/z")
    assert (moved.repository, moved.number, moved.opening_at, moved.shown_version) == ("x/z", None, None, 0)


def test_a_reading_goes_on_a_minute_before_the_last_change() -> None:
    """A list may show a change a moment late. An etag is kept only for the same address."""
    poll = IssuePoll(1, "x/y", NOW, None, NOW, NOW, None)
    read = poll.read(until=NOW + timedelta(minutes=5), etag="a", at=NOW)
    assert (read.since, read.etag, read.next_at) == (
        NOW + timedelta(minutes=4),
        None,
        NOW + timedelta(minutes=1),
    )
    same = read.read(until=NOW + timedelta(minutes=5), etag="b", at=NOW + timedelta(minutes=30))
    assert (same.since, same.etag, same.next_at) == (read.since, "b", NOW + timedelta(minutes=33))
    late = same.read(until=None, etag="b", at=NOW + timedelta(days=1))
    assert late.next_at == NOW + timedelta(days=1, minutes=10)
