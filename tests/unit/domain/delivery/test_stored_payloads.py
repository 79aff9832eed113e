"""What deliveries carry, as every version has stored it: each row is read, and keeps its keys."""

from datetime import UTC, datetime

import pytest

from bot.domain.alerts.questions import AlertQuestionData, AlertsSkippedData
from bot.domain.delivery.delivery import Addressing, FileRef
from bot.domain.escalation.ladder import Why, WhyKind
from bot.domain.escalation.payloads import BundleData, NextStep, OfferDm, PagingData
from bot.domain.incident.incident import Role
from bot.domain.incident.posting import MemberData, PostingData, RoleDm
from bot.domain.oncall.people import Duty, DutyKind
from bot.domain.paging import Way
from bot.domain.payloads import Json, Payload
from bot.domain.sheets import OutputData
from bot.domain.timeline.recorded import PinSeenData
from bot.domain.triage.session import TriageData
from cogs.digest.rules import AlertVerdictData, DigestData, Verdict
from cogs.dlq.rules import BatchData, BurstData, ReplayData, SeenFailure
from cogs.oncall.rules import GapData, HandoverData, OpenIncident, PlaceChange, ShiftCheckData
from cogs.reports.rules import ReportData

ISO = "2026-11-24T05:14:00+00:00"
AT = datetime(2026, 11, 24, 5, 14, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 5, 22, tzinfo=UTC)

#: Rows, and what is read. Those of a step of the ladder, of a page after a decline, and so on.
ROWS: list[tuple[Json, Payload]] = [
    ({"batch": 3}, BatchData(batch=3)),
    ({"burst": 3}, BurstData(burst=3)),
    ({"burst": 3, "rings": True}, BurstData(burst=3, rings=True)),
    (
        {"body": {"content": "x"}, "entry": "e", "by": "a", "batch": 3, "keeps_mentions": True},
        ReplayData(body={"content": "x"}, entry="e", by="a", batch=3, keeps_mentions=True),
    ),
    (
        {"body": {"content": "x"}, "entry": "e", "by": "a", "meant_at": ISO},
        ReplayData(body={"content": "x"}, entry="e", by="a", meant_at=AT),
    ),
    ({"report": 3, "by": "a"}, ReportData(report=3, by="a")),
    (
        {
            "id": "e",
            "attempted_at": ISO,
            "channel": "p0-alerts",
            "title": "t",
            "http_status": 503,
            "error": "x",
        },
        SeenFailure(id="e", attempted_at=AT, channel="p0-alerts", title="t", http_status=503, error="x"),
    ),
    ({"by": "a", "text": "x", "counts": {}}, OutputData(by="a", text="x", counts={})),
    (
        {
            "files": [{"key": "output:3:i", "filename": "INC-3-dlq.txt"}],
            "by": "a",
            "text": "x",
            "topic": "dlq",
            "counts": {"email": 2},
            "lines": 90,
        },
        OutputData(
            files=(FileRef(key="output:3:i", filename="INC-3-dlq.txt"),),
            by="a",
            text="x",
            topic="dlq",
            counts={"email": 2},
            lines=90,
        ),
    ),
    ({"posting": 1}, PostingData(posting=1)),
    ({}, PostingData(posting=0)),
    (
        {"posting": 2, "answers": 900, "quiet": True, "again": True},
        PostingData(posting=2, answers=900, quiet=True, again=True),
    ),
    ({"posting": 1}, MemberData(posting=1)),
    ({"posting": 1, "name": "a", "asked": "k"}, MemberData(posting=1, name="a", asked="k")),
    (
        {"role": "scribe", "holder_id": 1, "holder": "a", "by": "b"},
        RoleDm(role=Role.SCRIBE, holder_id=1, holder="a", by="b"),
    ),
    (
        {"role": "scribe", "holder_id": 1, "holder": "a", "by": "b", "taken_over": True},
        RoleDm(role=Role.SCRIBE, holder_id=1, holder="a", by="b", taken_over=True),
    ),
    (
        {"holder_id": 1, "holder": "a", "by": "b", "at": ISO, "lapsed": True},
        OfferDm(holder_id=1, holder="a", by="b", at=datetime.fromisoformat(ISO), lapsed=True),
    ),
    (
        {
            "told": {"@primary": 2},
            "unreached": [],
            "step": 1,
            "severity": "SEV1",
            "mention": "here",
            "dm": ["@secondary"],
            "waited_s": 900.0,
            "next": {"dm": ["lead"], "mention": "none", "due_at": "2026-11-24T05:22:00+00:00"},
            "why": {"kind": "lapsed", "who": "primary", "who_id": 101},
            "overdue": [ISO],
            "emails": True,
            "duty": {
                "kind": "swap",
                "who": "primary",
                "since": ISO,
                "by": "lead",
                "instead_of": "101",
            },
        },
        PagingData(
            told={"@primary": 2},
            unreached=(),
            step=1,
            severity="SEV1",
            mention="here",
            dm=("@secondary",),
            waited_s=900.0,
            next=NextStep(dm=("lead",), mention="none", due_at=DUE),
            why=Why(kind=WhyKind.LAPSED, who="primary", who_id=101),
            overdue=(AT,),
            emails=True,
            duty=Duty(kind=DutyKind.SWAP, who="primary", since=AT, by="lead", instead_of="101"),
        ),
    ),
    (
        {
            "waited_s": 0.5,
            "next": {"dm": ["lead"], "mention": "here", "due_at": DUE.isoformat(), "also": ["push"]},
        },
        PagingData(waited_s=0.5, next=NextStep(dm=("lead",), mention="here", due_at=DUE, also=("push",))),
    ),
    (
        {"told": {}, "step": 2, "mention": "none", "dm": [], "waited_s": 0.5, "next": None},
        PagingData(told={}, step=2, mention="none", dm=(), waited_s=0.5, next=None),
    ),
    ({"declined_by": "a", "waited_s": 1.5}, PagingData(declined_by="a", waited_s=1.5)),
    (
        {"waited_s": 900.0, "step": 1, "severity": "SEV1", "way": "pushover", "instead": ["ntfy"]},
        PagingData(waited_s=900.0, step=1, severity="SEV1", way=Way.PUSHOVER, instead=(Way.NTFY,)),
    ),
    (
        {"why": {"kind": "unreached", "who": "@a"}, "waited_s": 1.5, "severity": "SEV1"},
        PagingData(why=Why(kind=WhyKind.UNREACHED, who="@a"), waited_s=1.5, severity="SEV1"),
    ),
    (
        {"of": "page", "severity": "SEV1", "mention": "none"},
        BundleData(of="page", severity="SEV1", mention="none"),
    ),
    ({"channel_id": 1, "message_id": 2}, PinSeenData(channel_id=1, message_id=2)),
    ({"triage": 3}, TriageData(triage=3)),
    ({"triage": 3, "monitor": "Sentry", "quiet": True}, TriageData(triage=3, monitor="Sentry", quiet=True)),
    ({"week": "2026-W47"}, DigestData(week="2026-W47")),
    (
        {
            "week": "2026-W47",
            "asked": [77],
            "files": [{"key": "digest:7:2026-W47:a.png", "filename": "a.png", "description": "in words"}],
        },
        DigestData(
            week="2026-W47",
            asked=(77,),
            files=(FileRef(key="digest:7:2026-W47:a.png", filename="a.png", description="in words"),),
        ),
    ),
    (
        {"answers": 900, "verdict": "mute", "by": "a", "until": ISO},
        AlertVerdictData(answers=900, verdict=Verdict.MUTE, by="a", until=AT),
    ),
    ({"by": "a"}, AlertVerdictData(by="a")),
    (
        {
            "at": ISO,
            "changes": [{"place": "primary", "former": "a", "handle": "b", "until": None}],
            "incidents": [
                {"label": "INC-1", "severity": "SEV1", "status": "triggered", "title": None, "where": None},
                {"label": "INC-2", "severity": "SEV2", "status": "triggered", "title": "x", "where": [7, 1]},
            ],
            "handle": "b",
        },
        HandoverData(
            at=AT,
            changes=(PlaceChange(place="primary", former="a", handle="b", until=None),),
            incidents=(
                OpenIncident(label="INC-1", severity="SEV1", status="triggered", title=None, where=None),
                OpenIncident(label="INC-2", severity="SEV2", status="triggered", title="x", where=(7, 1)),
            ),
            handle="b",
        ),
    ),
    (
        {
            "handle": "a",
            "places": ["primary"],
            "starts": ISO,
            "ends": None,
            "gaps": [{"gap": "no_channel", "names": ["p0-alerts"]}],
            "standing": True,
        },
        ShiftCheckData(
            handle="a",
            places=("primary",),
            starts=AT,
            ends=None,
            gaps=(GapData(gap="no_channel", names=("p0-alerts",)),),
            standing=True,
        ),
    ),
    (
        {"answers": 900, "sender": "Sentry", "title": "x", "severity": "SEV2"},
        AlertQuestionData(answers=900, sender="Sentry", title="x", severity="SEV2"),
    ),
    (
        {
            "answers": 900,
            "sender": "Sentry",
            "title": "x",
            "severity": "SEV1",
            "tracks_at": ISO,
            "said": "x y",
            "url": "u",
        },
        AlertQuestionData(
            answers=900, sender="Sentry", title="x", severity="SEV1", tracks_at=AT, said="x y", url="u"
        ),
    ),
    (
        {"before": ISO, "url": "https://x.example", "rings": False},
        AlertsSkippedData(before=AT, url="https://x.example", rings=False),
    ),
    (
        {"body": {"content": "x", "embeds": [{"title": "y"}]}, "entry": "0190", "by": "a"},
        ReplayData(body={"content": "x", "embeds": [{"title": "y"}]}, entry="0190", by="a"),
    ),
]


@pytest.mark.parametrize(("row", "read"), ROWS, ids=lambda value: type(value).__name__)
def test_a_stored_payload_is_read_and_keeps_its_keys(row: Json, read: Payload) -> None:
    """An older process reads what this one writes, and the other way round."""
    assert type(read).from_json(row) == read
    assert type(read).from_json({**row, "hologram": 1}) == read
    assert {key: value for key, value in read.to_json().items() if key in row} == row


def test_a_reason_that_only_a_newer_version_knows_is_none() -> None:
    """The page is rendered as one without a reason."""
    assert PagingData.from_json({"why": {"kind": "hologram", "who": "a"}, "waited_s": 1}).why is None


def test_what_put_a_person_on_call_is_unknown_if_only_a_newer_version_knows_it() -> None:
    """The page itself is read all the same."""
    page = PagingData.from_json({"duty": {"kind": "hologram", "who": "a"}, "waited_s": 1})
    assert page == PagingData(waited_s=1.0)


def test_what_any_delivery_may_say_about_its_place_is_read_of_all() -> None:
    """The rest of the payload is another's."""
    reminder = {"day": "2026-11-24", "asks": "primary", "answers": 5}
    assert Addressing.from_json(reminder) == Addressing(answers=5, asks="primary")
    assert Addressing.from_json(PagingData(waited_s=1.0).to_json()) == Addressing()
