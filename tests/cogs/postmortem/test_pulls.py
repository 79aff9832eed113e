"""The pull request of a postmortem: what may be written, which one it is, and when to look again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.code_host import PullRequest, PullState, StoredFile
from cogs.postmortem.pulls import FileDecision, PullExport, PullExportState, chosen, digest

NOW = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
PATH, BOTS, PEOPLES, NEXT = "docs/a.md", "b" * 40, "p" * 40, "n" * 40
MARKER = "<!-- incident-bot 1 INC-42 -->"
EXPORT = PullExport(
    incident_id=42,
    guild_id=1,
    repository="x/y",
    state=PullExportState.WANTED,
    wanted=1,
    exported=1,
    path=PATH,
    number=None,
    url=None,
    blob=None,
    writing=None,
    conflict=None,
    words=None,
    etag=None,
    changed_at=NOW,
    next_at=NOW,
    trouble=None,
)


def pull(number: int = 12, state: PullState = PullState.OPEN, body: str = f"draft\n{MARKER}") -> PullRequest:
    """A pull request."""
    return PullRequest(number, f"https://github.com/x/y/pull/{number}", state, EXPORT.branch, "title", body)


@pytest.mark.parametrize(
    ("written", "writing", "found", "decision"),
    [
        (None, None, None, FileDecision.WRITE),
        (BOTS, None, BOTS, FileDecision.WRITE),
        (BOTS, None, NEXT, FileDecision.KEEP),
        (None, None, NEXT, FileDecision.KEEP),
        (BOTS, None, PEOPLES, FileDecision.CONFLICT),
        (BOTS, NEXT, PEOPLES, FileDecision.CONFLICT),
        (None, None, PEOPLES, FileDecision.CONFLICT),
        (BOTS, None, None, FileDecision.CONFLICT),
        (None, "w" * 40, "w" * 40, FileDecision.WRITE),
    ],
)
def test_nothing_that_people_wrote_is_overwritten(
    written: str | None, writing: str | None, found: str | None, decision: FileDecision
) -> None:
    """A file that they removed is not written again either; what a killed process wrote is the bot's."""
    export = replace(EXPORT, blob=written, writing=writing)
    there = None if found is None else StoredFile(PATH, found)
    assert export.decide(there, wanted=NEXT, is_in_review=True) is decision
    anew = FileDecision.WRITE if there is None else decision
    assert export.decide(there, wanted=NEXT, is_in_review=False) is anew


def test_the_open_one_is_chosen() -> None:
    """Of the bot's pull requests, an open one is chosen before a merged one; a closed one is left alone.

    A pull request without the marker is not chosen, unless its number is on record.
    """
    opened, merged, closed = pull(3), pull(2, PullState.MERGED), pull(1, PullState.CLOSED)
    assert chosen([opened, merged, closed], EXPORT, marker=MARKER) is opened
    assert chosen([merged, closed], EXPORT, marker=MARKER) is merged
    assert chosen([closed], EXPORT, marker=MARKER) is None
    strangers = pull(4, body="not the bot's")
    assert chosen([strangers], EXPORT, marker=MARKER) is None
    assert chosen([strangers], replace(EXPORT, number=4), marker=MARKER) is strangers


def test_people_may_write_the_words_anew() -> None:
    """The bot edits a pull request only while its words are the ones that the bot wrote.

    Carriage returns of GitHub's page are no change. A pull request without known words is not edited.
    """
    export = replace(EXPORT, words=digest("title", "a\nb\n"))
    assert export.may_edit(replace(pull(), body="a\r\nb"))
    assert not export.may_edit(replace(pull(), body="a\nc"))
    assert not EXPORT.may_edit(pull())


@pytest.mark.parametrize(
    ("state", "quiet", "after"),
    [
        (PullState.OPEN, timedelta(), MINUTE),
        (PullState.OPEN, timedelta(hours=2), 12 * MINUTE),
        (PullState.OPEN, timedelta(days=9), 30 * MINUTE),
        (PullState.CLOSED, timedelta(days=9), timedelta(hours=6)),
        (PullState.CLOSED, timedelta(days=30), None),
        (PullState.MERGED, timedelta(), None),
    ],
)
def test_what_is_quiet_is_looked_at_less_often(
    state: PullState, quiet: timedelta, after: timedelta | None
) -> None:
    """A quiet pull request is looked at less and less often.

    Looking ends once the pull request is merged, or a month after people have closed it.
    """
    known = replace(EXPORT, state=PullExportState(state), number=12).found(pull(12, state), at=NOW + quiet)
    assert known.next_at == (None if after is None else NOW + quiet + after)


def test_a_draft_that_was_asked_for_meanwhile_is_written_next() -> None:
    """A draft that was asked for meanwhile is written at once, even if the pull request is merged."""
    known = replace(EXPORT, wanted=3, exported=2).found(pull(12, PullState.MERGED), at=NOW)
    assert known.next_at == NOW


def test_what_is_withheld_forgets_the_title() -> None:
    """A withheld postmortem forgets its path, which holds the title, and is not looked at any more."""
    private = replace(EXPORT, wanted=2, number=12).withheld(at=NOW)
    assert (private.state, private.path, private.next_at) == (PullExportState.WITHHELD, None, None)
    assert not private.is_draft_waiting


def test_another_repository_knows_nothing_of_it() -> None:
    """After a move to another repository the pull request is unknown, and the draft is written there."""
    moved = replace(EXPORT, number=12, blob=BOTS).moved_to("x/z")
    assert (moved.repository, moved.number, moved.blob) == ("x/z", None, None)
    assert moved.is_draft_waiting
