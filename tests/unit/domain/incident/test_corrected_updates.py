"""Show what is displayed of a status update that was corrected."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.incident.incident import Incident, StatusUpdate, StatusUpdates
from bot.domain.incident.transitions import correct_last_update
from bot.domain.privacy import SETTLED
from bot.domain.timeline.entries import TimelineEntry, TimelineKind
from bot.domain.timeline.lines import lines_of
from tests.unit.domain.incident.test_incident import T0, incident

FIRST = TimelineEntry(TimelineKind.UPDATED, T0, data={"known": "調査中"}, id=1)
LAST = TimelineEntry(TimelineKind.UPDATED, T0 + timedelta(minutes=1), data={"known": "DB"}, id=2)
IMPACT = TimelineEntry(
    TimelineKind.UPDATED, T0 + timedelta(minutes=2), data={"known": "", "impact": "全員"}, id=3
)
ENTRIES = (FIRST, LAST, IMPACT)
LINE = Delivery(
    id=1,
    kind=DeliveryKind.NOTICE,
    to="incident",
    key="inc:42:note:k",
    guild_id=7,
    incident_id=42,
    data={},
    priority=0,
    status=DeliveryStatus.SENT,
    nonce="n",
    attempts=0,
    created_at=T0,
    channel_id=300,
    message_id=301,
)


def told() -> Incident:
    """The words of the second update and the impact of the third."""
    return replace(incident(), updates=StatusUpdates(last=StatusUpdate("DB", "全員", T0, "primary")))


def corrected(of: Incident, entry_id: int, words: str, impact: str | None = None) -> Incident:
    """After a correction of one of `ENTRIES`; an older version's says nothing of the impact."""
    data = {"text": words} | ({} if impact is None else {"impact": impact})
    fix = TimelineEntry(TimelineKind.CORRECTED, T0 + timedelta(hours=1), data=data, corrects=entry_id, id=9)
    return correct_last_update(of, lines_of([*ENTRIES, fix]), entry_id=entry_id)


@pytest.mark.parametrize(
    ("entry_id", "words", "impact", "shown"),
    [
        pytest.param(2, "DNS", None, ("DNS", "全員"), id="words older than the impact beside them"),
        pytest.param(3, "", "決済の 3 割", ("DB", "決済の 3 割"), id="the impact"),
        pytest.param(3, "", "", ("DB", ""), id="there is none"),
        pytest.param(3, "DNS", "全員", ("DNS", "全員"), id="words for what had none"),
        pytest.param(2, "", "一部", ("調査中", "全員"), id="words taken out: those before count"),
    ],
)
def test_what_is_shown_is_corrected(
    entry_id: int, words: str, impact: str | None, shown: tuple[str, str]
) -> None:
    """Words and impact may stem from different updates; who told it, and when, stays."""
    before = told()
    after = corrected(before, entry_id, words, impact)
    assert after.updates.last == StatusUpdate(*shown, T0, "primary")
    assert after.version == before.version + 1


def test_what_nobody_sees_any_more_changes_nothing() -> None:
    """An earlier update, an earlier impact, no entry of an update, an incident that shows none."""
    before = told()
    assert corrected(before, 1, "DNS", "一部") is before
    assert corrected(before, 2, "DB", "一部") is before
    assert corrected(before, 3, "", "全員") is before
    assert correct_last_update(before, (), entry_id=2) is before
    bare = incident()
    assert corrected(bare, 2, "DNS") is bare


def test_an_entry_leads_to_the_line_that_told_of_it() -> None:
    """The last one, should it have been said again; no other kind of post, and none that was emptied."""
    note = TimelineEntry(TimelineKind.NOTE, T0, data={"text": "x", "line": "note:k"}, id=4)
    again = replace(LINE, key="inc:42:note:k:again", message_id=302)
    cases: list[tuple[list[Delivery], tuple[int, int, int] | None]] = [
        ([], None),
        ([LINE], (7, 300, 301)),
        ([LINE, again], (7, 300, 302)),
        ([replace(LINE, key="inc:42:note:other")], None),
        ([replace(LINE, kind=DeliveryKind.PAGE)], None),
        ([replace(LINE, shown_version=SETTLED)], None),
        ([replace(LINE, message_id=None)], None),
    ]
    for posts, where in cases:
        assert [line.where for line in lines_of([note, FIRST], posts)] == [where, None]
