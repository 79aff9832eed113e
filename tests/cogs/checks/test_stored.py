"""What the bot of another version has stored of live checks."""

from datetime import UTC, datetime

from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState
from bot.domain.timeline.entries import TimelineEntry
from cogs.checks.capability import CAPABILITY
from cogs.checks.rules import CheckedEntry, ChecksShown
from tests.unit.ui.samples import JA

ISO = "2026-11-24T05:14:00+00:00"
AT = datetime(2026, 11, 24, 5, 14, tzinfo=UTC)
ROW = {
    "results": [
        {
            "system": "http",
            "state": "down",
            "fact": "problem",
            "name": "api.parky.co.jp",
            "values": {"problem": "timeout"},
            "url": "https://api.parky.co.jp/health",
        },
        {"system": "dlq", "state": "ok", "fact": "no_failures", "values": {}},
    ]
}
SHOWN = {
    "results": [{"system": "dlq", "state": "ok", "fact": "no_failures", "values": {}}],
    "systems": 2,
    "unconfigured": ["sentry"],
    "asked_by": "a",
    "finished_at": ISO,
}


def test_an_entry_keeps_its_keys() -> None:
    """An older process reads what this one writes, and the other way round."""
    read = CheckedEntry.from_json({**ROW, "hologram": 1})
    assert TimelineEntry.of(read, AT).data == ROW
    assert CheckedEntry.from_json({}) == CheckedEntry()


def test_what_a_message_shows_keeps_its_keys() -> None:
    """The row of a delivery reads as it was written."""
    shown = ChecksShown(
        results=(CheckResult(system=SystemKind.DLQ, state=SystemState.OK, fact=Fact.NO_FAILURES),),
        systems=2,
        unconfigured=(SystemKind.SENTRY,),
        asked_by="a",
        finished_at=AT,
    )
    assert ChecksShown.from_json(SHOWN) == shown
    assert shown.to_json() == SHOWN


def test_its_names_are_those_of_every_version() -> None:
    """Jobs, deliveries and entries that were stored before it was a folder are its own."""
    assert set(CAPABILITY.jobs) == {"live_check"}
    assert [kind.value for kind in CAPABILITY.renderers] == ["checks"]
    assert [look.type.kind.value for look in CAPABILITY.entries] == ["checked"]


def test_the_timeline_says_what_is_not_healthy() -> None:
    """What a target is called is inert there; healthy systems are a number."""
    broken = {**ROW["results"][0], "name": "api <@1>"}
    [look] = CAPABILITY.entries
    said = "".join(look.details(JA, {"results": [broken, ROW["results"][1]]}, limit=1_000))
    assert "⛔ api \\<＠1>" in said
    assert "正常 1 件" in said
