"""The audit log on Discord: what people did in words, whatever its key."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import bot.services
from bot.domain.audit import AuditData, AuditQuestion, AuditRow
from bot.domain.timeline.entries import TimelineKind
from bot.services.shared.access import Act, AuditPage
from bot.ui.screens.audit import audit_screen
from cogs.digest.rules import Verdict
from tests.unit.ui import screens

#: Where a use case names what goes to the audit log.
_NAMED = re.compile(r"""\b(?:act|action)="([a-z_.0-9]+)"|\baudit\(\s*(?:\w+, \w+, )?"([a-z_.]+)\"""")


def row(action: str, *, allowed: bool = True, act: str | None = None) -> AuditRow:
    """A row about INC-42."""
    at = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)
    return AuditRow(1, at, 7, 101, "佐藤", action, allowed, AuditData(42, act))


def shown(each: AuditRow, *, english: bool = False) -> str:
    """The screen with that row alone."""
    page = AuditPage(AuditQuestion(), (each,), 0, None)
    return screens.words(audit_screen(screens.EN if english else screens.JA, page))


def named() -> Iterator[str]:
    """Every deed that a use case writes down."""
    yield from Act
    yield from (f"alert_{verdict}" for verdict in Verdict)
    for path in Path(bot.services.__path__[0]).rglob("*.py"):
        for found in _NAMED.finditer(path.read_text()):
            yield found[1] or found[2]


def test_a_line_says_who_did_what_and_to_which_incident() -> None:
    """An audit log line says, in the reader's language, who did what to which incident or was refused it."""
    assert "**佐藤** · 🟢 解決 No.42" in shown(row("resolved"))
    assert "**佐藤** · 🟢 resolved No.42" in shown(row("resolved"), english=True)
    refused = row("acknowledge", allowed=False, act="resolve")
    assert "**佐藤** · ⛔ 解決 No.42 (権限なしで拒否)" in shown(refused)
    assert "⛔ resolve No.42 (refused)" in shown(refused, english=True)


@pytest.mark.parametrize("allowed", [True, False])
def test_every_deed_has_words(*, allowed: bool) -> None:
    """Each act that a use case records and each kind of timeline entry is shown in words, not by a key."""
    names = {*named(), *TimelineKind}
    assert len(names) > 100
    bare = [name for name in sorted(names) if f"`{name}`" in shown(row(name, allowed=allowed, act=name))]
    assert bare == []


def test_a_deed_of_a_later_version_is_shown_by_its_key() -> None:
    """An act that only a later version knows is shown by its key, which breaks no formatting."""
    assert "`new_deed`" in shown(row("new`_deed"))
