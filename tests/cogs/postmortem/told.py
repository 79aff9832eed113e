"""A resolved incident with everything that a postmortem tells, and the documents that are made of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.domain.escalation.payloads import EscalatedEntry, PagedEntry
from bot.domain.incident.incident import PersonRef, Role
from bot.domain.incident.records import (
    AcknowledgedEntry,
    AlertPostedEntry,
    OpenedEntry,
    RoleChangedEntry,
    UpdatedEntry,
    UpdateDueEntry,
)
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry
from bot.domain.timeline.lines import Line, lines_of
from bot.domain.timeline.recorded import DeliveryFailedEntry, NoteEntry
from bot.runbook.model import Policy
from bot.ui.words.wording import Wording
from cogs.postmortem.facts import CallBy, CallOutcome, PostmortemCall, PostmortemFacts
from cogs.postmortem.rules import Naming, PostmortemRules
from cogs.postmortem.template_worker import environment, rendered
from cogs.postmortem.wording import worded
from cogs.postmortem.writing import standard_template, values_of
from tests.unit.ui.samples import POLICY, RESOLVED, TEXTS

START = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)  # 14:05 JST
PRIMARY, SATO, MORI = Person(101, "primary"), Person(102, "佐藤"), Person(103, "responder")


def at(minutes: int, seconds: int = 0) -> datetime:
    """A moment, from the start."""
    return START + timedelta(minutes=minutes, seconds=seconds)


ENTRIES = (
    TimelineEntry.of(OpenedEntry(severity="SEV1", path=()), at(2), by=MORI),
    TimelineEntry.of(AlertPostedEntry(where=(7, 301, 900)), at(2, 1)),
    TimelineEntry.of(PagedEntry(place="primary", who="@primary"), at(2, 2)),
    TimelineEntry.of(AcknowledgedEntry(via="reaction"), at(4), by=PRIMARY),
    TimelineEntry.of(
        RoleChangedEntry(role="commander", holder=PersonRef(102, "佐藤"), former=None), at(11), by=SATO
    ),
    TimelineEntry.of(EscalatedEntry(step=1, dm=("@primary",)), at(17)),
    TimelineEntry.of(DeliveryFailedEntry(of="page", to="person:secondary", reason="HTTP 403"), at(17, 9)),
    TimelineEntry.of(UpdateDueEntry(due_at=at(39), reminder=1, lead="佐藤"), at(39)),
    TimelineEntry.of(UpdateDueEntry(due_at=at(39), reminder=2, lead="佐藤"), at(44)),
    TimelineEntry.of(
        UpdatedEntry(known="DB の接続が尽きた", impact="決済 2 割が失敗", next_at=None), at(45), by=SATO
    ),
    TimelineEntry.of(NoteEntry(text="rollback した\n効いた"), at(47), by=MORI),
)
INCIDENT = replace(
    RESOLVED,
    roles={Role.COMMANDER: PersonRef(102, "佐藤")},
    thread=replace(RESOLVED.thread, id=777),
)
CALLED = (
    PostmortemCall("primary", "primary", at(2), CallOutcome.ARRIVED, at(2, 2)),
    PostmortemCall(
        "p0-alerts",
        None,
        at(2),
        CallOutcome.ARRIVED,
        at(2, 1),
        by=CallBy.POST,
        is_loud=True,
        where=(7, 301, 900),
    ),
    PostmortemCall("", None, at(17), CallOutcome.ARRIVED, at(17, 3), by="pagerduty"),
    PostmortemCall("secondary", None, at(17), CallOutcome.FAILED, reason="HTTP 403"),
    PostmortemCall("primary", "primary", at(32), CallOutcome.NOT_NEEDED),
)


def facts(*, lines: tuple[Line, ...] | None = None, **changed: object) -> PostmortemFacts:
    """The facts, with some of the incident's changed."""
    incident = replace(INCIDENT, **changed)  # type: ignore[arg-type]  # a test names its fields
    return PostmortemFacts(incident, lines_of(ENTRIES) if lines is None else lines, CALLED, at(60))


def values(
    told: PostmortemFacts, *, language: str = "ja", naming: Naming = Naming.NAMES
) -> Mapping[str, object]:
    """What a template is given."""
    return values_of(worded(Wording(TEXTS, policy(language, naming)), told), told)


def policy(language: str = "ja", naming: Naming = Naming.NAMES) -> Policy:
    """Parky's policy in another language, or with another way to name people."""
    rules = replace(POLICY.of(PostmortemRules), names=naming)
    return replace(POLICY, language=language).with_rules(rules)


def document(told: PostmortemFacts, *, language: str = "ja", naming: Naming = Naming.NAMES) -> str:
    """The document by the template that comes with the bot, rendered in this process."""
    made = rendered(
        environment(), standard_template(language), values(told, language=language, naming=naming)
    )
    assert "text" in made, made
    return str(made["text"])
