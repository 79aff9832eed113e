"""The failed notifications."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from bot.domain.dlq import DlqCounts, DlqEntry, DlqFilter, NewFailure, StatusCount
from bot.domain.errors import UserError
from tests.integration.storage.conftest import Rig

MINUTE = timedelta(minutes=1)


async def put(rig: Rig, minutes_ago: int, **changes: object) -> DlqEntry:
    """A P0 that failed in #p0-alerts with a 503, unless changed."""
    values: dict[str, object] = {
        "id": uuid4(),
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


async def test_pages_are_newest_first_and_within_the_window(rig: Rig) -> None:
    """A page past the end is the last one; there is always a first."""
    entries = [await put(rig, minutes) for minutes in (1, 2, 3)]
    await put(rig, 25 * 60)
    page = await rig.dlq.page(DlqFilter(), number=1, size=2)
    assert (page.entries, page.number, page.pages, page.total) == (tuple(entries[:2]), 1, 2, 3)
    assert page.filter == DlqFilter()
    last = await rig.dlq.page(DlqFilter(), number=9, size=2)
    assert (last.entries, last.number) == ((entries[2],), 2)
    none = await rig.dlq.page(DlqFilter(channel="p9"), number=1, size=2)
    assert (none.entries, none.number, none.pages, none.total) == ((), 1, 1, 0)
    assert (await rig.dlq.page(DlqFilter(hours=26), number=1, size=9)).total == 4


async def test_pages_are_filtered(rig: Rig) -> None:
    """By severity, by channel, by both."""
    await put(rig, 1)
    minor = await put(rig, 2, severity="P1", channel="p1-ops")
    await put(rig, 3, severity="P1")
    found = await rig.dlq.page(DlqFilter(severity="P1", channel="p1-ops"), number=1, size=9)
    assert found.entries == (minor,)


async def test_failed_p0_newest_first_whenever_they_were(rig: Rig) -> None:
    """The runbook's second question has no window."""
    old = await put(rig, 60 * 24 * 30, fallback_email_sent=True)
    new = await put(rig, 1)
    await put(rig, 1, severity="P1")
    await put(rig, 1, status="resolved")
    assert await rig.dlq.p0_failed(limit=9) == [new, old]
    assert await rig.dlq.p0_failed(limit=1) == [new]


async def test_http_statuses_most_frequent_first(rig: Rig) -> None:
    """No answer at all counts as one more status."""
    for status in (503, 503, 429, None):
        await put(rig, 1, http_status=status)
    await put(rig, 61, http_status=404)
    found = await rig.dlq.http_statuses(hours=1)
    assert found == [StatusCount(503, 2), StatusCount(429, 1), StatusCount(None, 1)]


async def test_counts_of_a_period(rig: Rig) -> None:
    """Half open, per channel, with what became of the most severe."""
    now = await rig.store.now()
    start, end = now - 60 * MINUTE, now
    await put(rig, 1, fallback_email_sent=True)
    await put(rig, 2)
    await put(rig, 3, severity="P1", channel="p1-ops")
    await put(rig, 0, attempted_at=end)
    await put(rig, 0, attempted_at=start, severity=None)
    counts = await rig.dlq.counts(start, end)
    assert counts == DlqCounts(4, (("p0-alerts", 3), ("p1-ops", 1)), p0_failed=2, p0_emailed=1)
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
    entry = await rig.dlq.entry(failure.id)
    assert (entry.payload, entry.status, entry.fallback_email_sent) == (failure.payload, "failed", False)
    assert (entry.attempted_at, entry.retry_count, entry.http_status) == (failure.attempted_at, 5, None)
    for emailed in (True, True):
        await rig.dlq.record(replace(failure, fallback_email_sent=emailed, title="other"))
    again = await rig.dlq.entry(failure.id)
    assert (again.title, again.fallback_email_sent) == ("other", True)
    assert (await rig.dlq.page(DlqFilter(), number=1, size=9)).total == 1


async def test_what_has_become_private_leaves_a_title(rig: Rig) -> None:
    """And no payload; of those that are there, and of no other. What only tells of it keeps its own title."""
    secret, other = await put(rig, 1), await put(rig, 2)
    await rig.dlq.redact([secret.id, UUID(int=9)], title="INC-42")
    told = await rig.dlq.entry(secret.id)
    assert told == replace(secret, title="INC-42", payload={})
    await rig.dlq.redact([other.id], title=None)
    assert await rig.dlq.entry(other.id) == replace(other, payload={})
    assert (await rig.dlq.page(DlqFilter(), number=1, size=9)).total == 2


async def test_unknown_entries_are_an_error_for_the_person(rig: Rig) -> None:
    """With the id they asked for."""
    with pytest.raises(UserError) as caught:
        await rig.dlq.entry(UUID(int=404))
    assert caught.value.fields == {"entry": str(UUID(int=404))}


async def test_nothing_is_missing_of_our_own_table(rig: Rig) -> None:
    """What migrations make has every column of the runbook."""
    assert await rig.dlq.missing_columns() == ()
