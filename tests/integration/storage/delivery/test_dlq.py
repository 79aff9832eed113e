"""The failed notifications."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bot.domain.dlq import (
    NO_ANSWER,
    DlqCounts,
    DlqEntry,
    DlqFilter,
    DlqPage,
    DlqView,
    MostSevere,
    NewFailure,
    StatusCount,
    TableReport,
)
from bot.domain.errors import UserError
from tests.integration.storage.conftest import Rig

MINUTE = timedelta(minutes=1)


async def put(rig: Rig, minutes_ago: int, **changes: object) -> DlqEntry:
    """A P0 that failed in #p0-alerts with a 503, unless changed."""
    values: dict[str, object] = {
        "id": str(uuid4()),
        "attempted_at": await rig.store.now() - minutes_ago * MINUTE,
        "channel": "p0-alerts",
        "severity": "P0",
        "title": "決済 API が 5xx",
        "http_status": 503,
        "retry_count": 3,
        "error_message": "upstream timeout",
        "status": "failed",
        "fallback_email_sent": False,
    }
    entry = DlqEntry(**(values | changes))  # type: ignore[arg-type]
    await rig.put_failures(entry)
    return entry


def ids(page: DlqPage) -> list[str]:
    """The entries of a page."""
    return [entry.id for entry in page.entries]


async def test_pages_lead_to_each_other_by_their_place_in_the_list(rig: Rig) -> None:
    """Pages of the DLQ lead to each other in both directions.

    A new entry does not move the pages, and two failures of one moment are told apart.
    """
    entries = [await put(rig, minutes) for minutes in (1, 2, 3, 4)]
    twin = await put(rig, 0, attempted_at=entries[3].attempted_at)
    await put(rig, 25 * 60)
    last = sorted([entries[3].id, twin.id], reverse=True)
    first = await rig.dlq.page(DlqView(), size=2)
    assert (ids(first), first.total, first.newer) == ([entry.id for entry in entries[:2]], 5, None)
    await put(rig, 0)
    second = await rig.dlq.page(DlqView(cursor=first.older), size=2)
    assert ids(second) == [entries[2].id, last[0]]
    third = await rig.dlq.page(DlqView(cursor=second.older), size=2)
    assert (ids(third), third.older) == ([last[1]], None)
    back = await rig.dlq.page(DlqView(cursor=third.newer), size=2)
    assert ids(back) == ids(second)
    top = await rig.dlq.page(DlqView(cursor=back.newer), size=4)
    assert (len(top.entries), top.total, top.newer) == (4, 6, None), "a full page from the newest on"
    assert (await rig.dlq.page(DlqView(DlqFilter(hours=26)), size=9)).total == 7


async def test_pages_are_narrowed(rig: Rig) -> None:
    """The DLQ is filtered by severity, channel, status, answer, text and time.

    The characters % and _ in the text stand for themselves.
    """
    now = await rig.store.now()
    await put(rig, 1)
    minor = await put(rig, 2, severity="P1", channel="p1-ops", title="100% full_disk", http_status=429)
    silent = await put(rig, 3, severity="P1", status="sent", http_status=None, error_message="100 % TIMEOUT")
    for asked, found in (
        (DlqFilter(severity="P1", channel="p1-ops"), [minor]),
        (DlqFilter(channel="p9"), []),
        (DlqFilter(http_status=429), [minor]),
        (DlqFilter(http_status=NO_ANSWER), [silent]),
        (DlqFilter(status="sent"), [silent]),
        (DlqFilter(text="0% FULL_d"), [minor]),
        (DlqFilter(text="0_"), []),
        (DlqFilter(text="% timeout"), [silent]),
        (DlqFilter(since=now - 2.5 * MINUTE, until=now - 1.5 * MINUTE), [minor]),
    ):
        page = await rig.dlq.page(DlqView(asked), size=9)
        assert (ids(page), page.total) == ([entry.id for entry in found], len(found)), asked


async def test_failures_without_a_moment_have_no_place_in_a_list(rig: Rig) -> None:
    """A row without a time is in no list, but is found by its id."""
    entry = await put(rig, 1)
    await rig.execute("ALTER TABLE admin.notification_failures ALTER attempted_at DROP NOT NULL")
    await rig.execute("UPDATE admin.notification_failures SET attempted_at = NULL")
    assert (await rig.dlq.page(DlqView(), size=9)).entries == ()
    assert (await rig.dlq.most_severe(limit=9)).entries == ()
    assert (await rig.dlq.entry(entry.id)).title == entry.title


async def test_failed_p0_newest_first_whenever_they_were(rig: Rig) -> None:
    """The runbook's second question has no window."""
    old = await put(rig, 60 * 24 * 30, fallback_email_sent=True)
    new = await put(rig, 1)
    await put(rig, 1, severity="P1")
    await put(rig, 1, status="resolved")
    assert await rig.dlq.most_severe(limit=9) == MostSevere((new, old))
    assert await rig.dlq.most_severe(limit=1) == MostSevere((new,), is_more=True)


async def test_http_statuses_most_frequent_first(rig: Rig) -> None:
    """No answer at all counts as one more status."""
    for status in (503, 503, 429, None):
        await put(rig, 1, http_status=status)
    await put(rig, 61, http_status=404)
    found = await rig.dlq.http_statuses(hours=1)
    assert found.counts == (StatusCount(503, 2), StatusCount(429, 1), StatusCount(None, 1))


async def test_counts_of_a_period(rig: Rig) -> None:
    """Half open, per channel and status, with what became of the most severe."""
    now = await rig.store.now()
    start, end = now - 60 * MINUTE, now
    await put(rig, 1, fallback_email_sent=True, http_status=None)
    await put(rig, 2, http_status=429)
    await put(rig, 3, severity="P1", channel="p1-ops", status="replayed", http_status=503)
    await put(rig, 0, attempted_at=end)
    await put(rig, 0, attempted_at=start, severity=None, http_status=429)
    counts = await rig.dlq.counts(start, end)
    by_status = (("failed", 3), ("replayed", 1))
    by_channel = (("p0-alerts", 3), ("p1-ops", 1))
    answers = {"p0-alerts": (StatusCount(429, 2), StatusCount(None, 1)), "p1-ops": (StatusCount(503, 1),)}
    assert counts == DlqCounts(4, by_channel, p0_failed=2, p0_emailed=1, by_status=by_status, answers=answers)
    assert await rig.dlq.counts(end + MINUTE, end + 2 * MINUTE) == DlqCounts(0, (), 0, 0)


async def test_our_own_failure_is_one_row(rig: Rig) -> None:
    """Written twice, the later email flag and title win; its payload can be read back."""
    failure = NewFailure(
        id=UUID(int=1),
        attempted_at=await rig.store.now(),
        channel="p0-alerts",
        severity="P0",
        title="題",
        http_status=None,
        retry_count=5,
        error_message="reset",
        fallback_email_sent=False,
        payload={"content": "🔴", "embeds": [{"title": "x"}]},
    )
    await rig.dlq.record(failure)
    entry = await rig.dlq.entry(str(failure.id))
    assert (entry.payload, entry.status, entry.fallback_email_sent) == (failure.payload, "failed", False)
    assert (entry.attempted_at, entry.retry_count, entry.http_status) == (failure.attempted_at, 5, None)
    for emailed in (True, True):
        await rig.dlq.record(replace(failure, fallback_email_sent=emailed, title="other"))
    again = await rig.dlq.entry(str(failure.id))
    assert (again.title, again.fallback_email_sent) == ("other", True)
    assert (await rig.dlq.page(DlqView(), size=9)).total == 1


async def test_what_has_become_private_leaves_a_title(rig: Rig) -> None:
    """A redacted DLQ entry has no payload any more, and the title that is given.

    Without a given title the entry keeps its own. Other entries and unknown ids are left alone.
    """
    secret, other = await put(rig, 1), await put(rig, 2)
    await rig.dlq.redact([UUID(secret.id), UUID(int=9)], title="INC-42")
    told = await rig.dlq.entry(secret.id)
    assert told == replace(secret, title="INC-42", payload={}, stored="{}")
    await rig.dlq.redact([UUID(other.id)], title=None)
    assert await rig.dlq.entry(other.id) == replace(other, payload={}, stored="{}")
    assert (await rig.dlq.page(DlqView(), size=9)).total == 2


async def test_unknown_entries_are_an_error_for_the_person(rig: Rig) -> None:
    """Asking for an unknown DLQ entry raises an error for the person, with the id that they asked for."""
    with pytest.raises(UserError) as caught:
        await rig.dlq.entry(str(UUID(int=404)))
    assert caught.value.fields == {"entry": str(UUID(int=404))}


async def test_nothing_is_missing_of_our_own_table(rig: Rig) -> None:
    """The table that the migrations make lacks no column of the runbook."""
    assert await rig.dlq.report() == TableReport("admin.notification_failures")
