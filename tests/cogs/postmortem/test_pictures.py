"""The picture of an incident's course: what it shows, in both languages, and what it says in words."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.charts import ChartBand, IncidentChart, LaneLook
from bot.domain.escalation.payloads import LapsedEntry
from bot.domain.incident.records import AcknowledgedEntry, ResolvedEntry, SeverityChangedEntry, UpdatedEntry
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.lines import lines_of
from bot.ui.pictures import Picture
from bot.ui.words.wording import Wording
from cogs.postmortem.facts import CallBy, CallOutcome, PostmortemCall, PostmortemFacts
from cogs.postmortem.pictures import picture_of
from cogs.postmortem.rules import Naming
from cogs.postmortem.wording import worded
from tests.cogs.postmortem.told import PRIMARY, SATO, at, facts, policy
from tests.unit.ui.samples import TEXTS

ENTRIES = (
    TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(4), by=PRIMARY),
    TimelineEntry.of(UpdatedEntry(known="x", next_at=None), at(10), by=PRIMARY),
    TimelineEntry.of(SeverityChangedEntry(before="SEV2", after="SEV1"), at(12), by=SATO),
    TimelineEntry.of(LapsedEntry(who="primary"), at(20)),
    TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(25), by=SATO),
    TimelineEntry.of(ResolvedEntry(), at(47), by=SATO),
)
CALLED = (
    PostmortemCall("p0-alerts", None, at(2), CallOutcome.ARRIVED, at(2), by=CallBy.POST),
    PostmortemCall("primary", "primary", at(2), CallOutcome.ARRIVED, at(2)),
    PostmortemCall("secondary", None, at(22), CallOutcome.FAILED),
    PostmortemCall("secondary", None, at(24), CallOutcome.NOT_NEEDED),
)


def told(**changed: object) -> PostmortemFacts:
    """An incident that two people had, one after the other."""
    return replace(facts(lines=lines_of(ENTRIES)), called=CALLED, **changed)  # type: ignore[arg-type]


def picture(of: PostmortemFacts, *, language: str = "ja", naming: Naming = Naming.NAMES) -> Picture:
    """The picture of an incident in a team's language."""
    return picture_of(worded(Wording(TEXTS, policy(language, naming)), of), of)


def chart(of: PostmortemFacts, **how: str) -> IncidentChart:
    """The data of the picture."""
    found = picture(of, **how).chart  # type: ignore[arg-type]  # a language
    assert isinstance(found, IncidentChart)
    return found


def band(start: int, end: int, *, rank: int = 0) -> ChartBand:
    """A band, in minutes."""
    return ChartBand(start_s=start * 60, end_s=end * 60, rank=rank)


def test_it_shows_severity_owners_calls_and_updates() -> None:
    """Each has a lane: the severity over time, each person who had it, the time without one, calls."""
    found = chart(told())
    assert found.title == "INC-42 の経過 (JST)"
    assert found.span_s == 47 * 60
    assert [(lane.look, lane.label) for lane in found.lanes] == [
        (LaneLook.SEVERITY, "重大度：SEV2 → SEV1"),
        (LaneLook.OWNER, "担当：primary (16 分)"),
        (LaneLook.OWNER, "担当：佐藤 (22 分)"),
        (LaneLook.NOBODY, "担当なし (7 分)"),
        (LaneLook.CALLS, "通知：3 件 (× は届かなかった 1 件)"),
        (LaneLook.UPDATES, "状況報告：1 回"),
    ]
    assert [lane.bands for lane in found.lanes] == [
        (band(2, 12, rank=1), band(12, 47)),
        (band(4, 20),),
        (band(25, 47),),
        (band(2, 4), band(20, 25)),
        (),
        (),
    ]
    assert [(lane.moments, lane.failed) for lane in found.lanes[-2:]] == [((120, 120), (1320,)), ((600,), ())]
    assert [(line.at_s, line.label) for line in found.lines] == [
        (120, "発報 14:07"),
        (1020, "ack 期限 14:22"),
    ]
    assert [tick.label for tick in found.ticks] == ["14:10", "14:20", "14:30", "14:40", "14:50"]


def test_its_description_says_the_same_in_both_languages() -> None:
    """People who do not see it have its facts in words."""
    assert picture(told()).description == (
        "INC-42 の経過、2026-11-24 14:05 JST から 14:52 まで。重大度：SEV2 → SEV1、担当：primary (16 分)、"
        "担当：佐藤 (22 分)、担当なし (7 分)、通知：3 件 (× は届かなかった 1 件)、状況報告：1 回、"
        "発報 14:07、ack 期限 14:22"
    )
    assert picture(told(), language="en").description == (
        "Course of INC-42 from 2026-11-24 14:05 JST to 14:52. Severity: SEV2 → SEV1, "
        "On it: primary (16 min), On it: 佐藤 (22 min), Nobody on it (7 min), "
        "Notifications: 3 (×: 1 not delivered), Status updates: 1, alert 14:07, ack deadline 14:22"
    )


def test_it_names_nobody_where_the_policy_says_so() -> None:
    """By roles, a person's lane has their part, as everywhere in the document."""
    shown = picture(told(), naming=Naming.ROLES).description
    assert "担当：当番 (primary)" in shown
    assert "佐藤" not in shown


def test_a_name_is_no_markup_in_it() -> None:
    """A name is shown as it is, without the escapes of a document."""
    odd = replace(PRIMARY, name="a_b*c")
    entries = (TimelineEntry.of(AcknowledgedEntry(via="button"), at(4), by=odd),)
    assert "担当：a_b*c (43 分)" in picture(facts(lines=lines_of(entries))).description


def test_many_people_share_a_lane() -> None:
    """At most five lanes are people's, so that the picture stays readable."""
    people = [Person(number, f"p{number}") for number in range(8)]
    entries = [
        TimelineEntry.of(AcknowledgedEntry(via="button"), at(4 + number), by=one)
        for number, one in enumerate(people)
    ]
    lanes = chart(facts(lines=lines_of(entries))).lanes
    owners = [lane.label for lane in lanes if lane.look is LaneLook.OWNER]
    assert owners == [*(f"担当：p{number} (1 分)" for number in range(4)), "担当：ほか 4 人 (39 分)"]


@pytest.mark.parametrize(
    "length", [timedelta(seconds=5), timedelta(hours=7), timedelta(days=3), timedelta(days=400)]
)
def test_every_length_has_few_times(length: timedelta) -> None:
    """An axis has at most six times, and at least one; all are within the picture."""
    incident = facts().incident
    assert incident.ended is not None
    ended = replace(incident.ended, at=incident.started_at + length)
    found = chart(facts(ended=ended, triggered_at=incident.started_at, lines=()))
    assert len(found.ticks) <= 6
    assert all(0 <= tick.at_s <= found.span_s for tick in found.ticks)
    assert found.ticks or length < timedelta(minutes=1)
    assert IncidentChart.from_json(found.to_json()) == found
