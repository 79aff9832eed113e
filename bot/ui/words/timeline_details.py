"""The details of a timeline entry, beside its kind, time and actor: one function per kind.

The data come from the database, perhaps from an older version. Missing data are left out, and texts are shown
unchanged and inert.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Generic, TypeVar

from bot.domain.alerts.questions import RepeatedEntry
from bot.domain.escalation.payloads import (
    EscalatedEntry,
    LapsedEntry,
    PagedEntry,
    PagedOutsideEntry,
    ReleasedEntry,
)
from bot.domain.incident.forms import StartChange, TitleChange
from bot.domain.incident.incident import PersonRef, number_label
from bot.domain.incident.parts import Resolution
from bot.domain.incident.records import (
    AcknowledgedEntry,
    DeclinedEntry,
    DetailsChangedEntry,
    JoinedEntry,
    LinkedEntry,
    MergedEntry,
    OpenedEntry,
    ResolutionCorrectedEntry,
    ResolvedEntry,
    RoleChangedEntry,
    SeverityChangedEntry,
    StepDoneEntry,
    StepUndoneEntry,
    UnlinkedEntry,
    UnmergedEntry,
    UpdateDueEntry,
)
from bot.domain.payloads import UNSET, Json, Unset
from bot.domain.privacy_payloads import MemberAddedEntry, MemberRemovedEntry
from bot.domain.sheets import OutputEntry
from bot.domain.timeline.entries import EntryData, EntryKind
from bot.domain.timeline.recorded import (
    DeliveryFailedEntry,
    EmailedEntry,
    EvidenceEntry,
    PinDeletedEntry,
    PromotedEntry,
    TriagedEntry,
    UnfinishedEntry,
    VoiceJoinedEntry,
)
from bot.runbook.model import Policy
from bot.ui.words.inert import inert
from bot.ui.words.triage_words import evidence, promoted, triaged, unfinished
from bot.ui.words.wording import Wording, channel_name

_LIST_LIMIT: Final = 300


def title_and_start_changes(
    words: Wording, title: TitleChange | None, start: StartChange | None, *, limit: int
) -> Iterator[str]:
    """Yield title and start, before and after.

    Args:
        limit: Characters of both titles together.
    """
    if title is not None:
        before, after = (inert(one, limit=limit // 2) for one in (title.before, title.after))
        yield words.say("history.fact.title", before=before, after=after)
    if start is not None:
        before, after = (words.exact(one) for one in (start.before, start.after))
        yield words.say("history.fact.started_at", before=before, after=after)


def details_changed(words: Wording, data: DetailsChangedEntry, limit: int) -> Iterator[str]:
    """Yield what was corrected: title, start, targets, symptoms."""
    yield from title_and_start_changes(words, data.title, data.started_at, limit=limit)
    if targets := words.targets(list(data.targets or ()), limit=_LIST_LIMIT):
        yield words.say("history.fact.targets", targets=targets)
    if symptoms := words.symptoms(list(data.symptoms or ()), limit=_LIST_LIMIT):
        yield words.say("history.fact.symptoms", symptoms=symptoms)


def resolved(words: Wording, data: ResolvedEntry, limit: int) -> Iterator[str]:
    """Yield how it was resolved, and who owes the postmortem, by when."""
    if data.said is not None:
        yield from _facts(words, data.said, limit)
    if data.owner is not None and data.due_on is not None:
        yield owed_fact(words, data.owner.name, data.due_on)


def resolution_corrected(words: Wording, data: ResolutionCorrectedEntry, limit: int) -> Iterator[str]:
    """Yield how it was resolved, as it was put right."""
    if data.said is not None:
        yield from _facts(words, data.said, limit)


def _facts(words: Wording, resolution: Resolution, limit: int) -> Iterator[str]:
    for name, text in (("cause", resolution.cause), ("fix", resolution.fix)):
        if text:
            yield words.say(f"resolution.fact.{name}", text=inert(text, limit=limit))
    whom = [inert(resolution.impact, limit=limit)] if resolution.impact else []
    if resolution.people is not None:
        whom.append(words.say("history.fact.people", count=f"{resolution.people:,}"))
    key = "impact" if whom else "duration"
    if resolution.duration is not None:
        whom.append(words.span(resolution.duration))
    if whom:
        yield words.say(f"resolution.fact.{key}", text=" · ".join(whom))


def owed_fact(words: Wording, owner: str, due_on: date) -> str:
    """Return who owes the postmortem, and by when."""
    return words.say("history.fact.postmortem", who=words.who(owner), due=words.date(due_on))


E = TypeVar("E", bound=EntryData)


@dataclass(frozen=True, slots=True)
class EntryLook(Generic[E]):
    """How the details of one kind of entry look.

    Attributes:
        type: What the entry holds.
        compose: Returns the details; its number limits the characters of what people wrote.
    """

    type: type[E]
    compose: Callable[[Wording, E, int], Iterable[str]]

    def details(self, words: Wording, stored: Json, *, limit: int) -> list[str]:
        """Return the details of a stored entry."""
        return [part for part in self.compose(words, self.type.from_json(stored), limit) if part]


class _Reason(EntryData):
    """A kind without details of its own may still give a reason."""

    reason: str | None = None


_WORD_LIMIT: Final = 120


def _opened(words: Wording, data: OpenedEntry, _limit: int) -> Iterator[str]:
    yield _text(data.severity)
    if data.reporter is not None:
        yield words.say("history.fact.reporter", who=words.who(data.reporter))


def _paged(words: Wording, data: PagedEntry, _limit: int) -> Iterator[str]:
    if data.place is not None:
        yield words.on_call([data.who or data.place])


def _paged_outside(words: Wording, data: PagedOutsideEntry, _limit: int) -> Iterator[str]:
    way = f"outside.way.{data.way}"
    yield words.say(way) if way in words.texts else _text(data.way)
    if data.who is not None:
        yield words.on_call([data.who])


def _acknowledged(words: Wording, data: AcknowledgedEntry | JoinedEntry, _limit: int) -> Iterator[str]:
    via = f"history.fact.via_{data.via}"
    yield words.say(via) if via in words.texts else _text(data.via)


def _declined(words: Wording, data: DeclinedEntry, _limit: int) -> Iterator[str]:
    if data.to is UNSET:
        return
    if data.to is None:
        yield words.say("history.fact.passed_to_nobody")
    else:
        yield words.say("history.fact.passed_to", people=words.on_call([data.to]))


def _released(words: Wording, data: ReleasedEntry, _limit: int) -> Iterator[str]:
    if data.to is not None:
        yield words.say("history.fact.handed_to", who=words.who(data.to.name))
    if data.resumed:
        yield words.say("history.fact.handed_to_nobody")
    yield from _asked(words, data.asked)


def _lapsed(words: Wording, data: LapsedEntry, _limit: int) -> Iterator[str]:
    yield from _who(words, data.who)
    yield from _asked(words, data.asked)


def _asked(words: Wording, people: Iterable[PersonRef]) -> Iterator[str]:
    """Yield who was asked to take the incident."""
    if shown := words.joined([words.who(one.name) for one in people], limit=_LIST_LIMIT):
        yield words.say("history.fact.asked", people=shown)


def _escalated(words: Wording, data: EscalatedEntry, _limit: int) -> Iterator[str]:
    if data.dm:
        yield words.say("history.fact.called", people=words.on_call(list(data.dm)))
    if data.overdue:
        yield words.say("history.fact.stands_in", count=len(data.overdue))


def _failed(words: Wording, data: DeliveryFailedEntry, limit: int) -> Iterator[str]:
    yield _text(data.of)
    kind, _, name = data.to.partition(":")
    if kind == "channel":
        yield channel_name(name)
    elif kind == "person":
        yield words.on_call([name])
    elif data.name is not None:
        yield words.who(data.name)
    yield _text(data.reason, limit=limit)


def _severity(words: Wording, data: SeverityChangedEntry, limit: int) -> Iterator[str]:
    before, after = _text(data.before), _text(data.after)
    if after:
        yield words.say("history.fact.severity", before=before or "?", after=after)
    if data.merged is not None:
        other = number_label(data.merged)
        yield words.say("history.fact.merged_with", other=other, severity=after or "?")
    yield from _because(words, data.reason, limit)
    yield from _at(words, "next_update", data.next_at)


def _role(words: Wording, data: RoleChangedEntry, _limit: int) -> Iterator[str]:
    role = _text(data.role)
    if not role:
        return
    name = f"roles.name.{role}"
    yield words.say(
        "history.fact.role",
        role=words.say(name) if name in words.texts else role,
        holder=words.say("history.fact.vacant") if data.holder is None else words.who(data.holder.name),
    )
    if data.former is not None:
        yield words.say("history.fact.former", who=words.who(data.former.name))
    if data.gone:
        yield words.say("history.fact.gone")


def _step(words: Wording, data: StepDoneEntry | StepUndoneEntry, _limit: int) -> Iterator[str]:
    """Yield which step it was: its words as they were then, in the reader's language."""
    if step := data.words.get(words.policy.language, ""):
        number = str(data.number) if data.number else "?"
        yield f"{_text(data.severity)} {number}. {inert(step, limit=_WORD_LIMIT)}".strip()


def _output(words: Wording, data: OutputEntry, _limit: int) -> Iterator[str]:
    """Yield which commands it is of, how long it is, and how much of it was masked."""
    sheet = words.policy.sheets.get(data.topic)
    yield words.pick(sheet.title) if sheet else _text(data.topic)
    if data.file:
        yield words.say("history.fact.lines", count=data.lines)
    if data.masked:
        yield words.say("history.fact.masked", count=data.masked)


def _update_due(words: Wording, data: UpdateDueEntry, _limit: int) -> Iterator[str]:
    yield from _who(words, data.lead)
    yield from _at(words, "was_due", data.due_at)


def _because(words: Wording, reason: str | None, limit: int) -> Iterator[str]:
    if shown := _text(reason, limit=limit):
        yield words.say("history.fact.reason", reason=shown)


def _deleted(words: Wording, data: PinDeletedEntry, limit: int) -> Iterator[str]:
    """Yield whose message it was, and how it began."""
    text = _text(data.text, limit=min(limit, _WORD_LIMIT))
    if data.author_name is None:
        yield text
    elif text:
        yield words.say("history.fact.author", who=words.who(data.author_name), text=text)
    else:
        yield words.who(data.author_name)


def _linked(words: Wording, data: LinkedEntry, _limit: int) -> Iterator[str]:
    yield from _other(words, "taken_in", data.merged)
    yield from _other(words, "same_as", data.with_)


def _other(words: Wording, fact: str, number: int | None) -> Iterator[str]:
    """Yield the line about another incident; the number is missing for readers who may not know of it."""
    if number is not None:
        yield words.say(f"history.fact.{fact}", other=number_label(number))


def _who(words: Wording, name: str | None) -> Iterator[str]:
    if name is not None:
        yield words.who(name)


def _count(words: Wording, fact: str, count: int | None) -> Iterator[str]:
    if count is not None:
        yield words.say(f"history.fact.{fact}", count=count)


def _at(words: Wording, fact: str, moment: datetime | Unset | None) -> Iterator[str]:
    if isinstance(moment, datetime):
        yield words.say(f"history.fact.{fact}", at=words.moment(moment))


def _text(text: str | None, *, limit: int = _WORD_LIMIT) -> str:
    return "" if text is None else inert(text, limit=limit)


#: The looks of the kinds with details, apart from those that hold a person's words.
_LOOKS: Final[dict[EntryKind, EntryLook[Any]]] = {
    look.type.kind: look
    for look in (
        EntryLook(OpenedEntry, _opened),
        EntryLook(EvidenceEntry, evidence),
        EntryLook(TriagedEntry, triaged),
        EntryLook(PromotedEntry, promoted),
        EntryLook(UnfinishedEntry, unfinished),
        EntryLook(RepeatedEntry, lambda words, data, _limit: _count(words, "times_seen", data.count)),
        EntryLook(PagedEntry, _paged),
        EntryLook(PagedOutsideEntry, _paged_outside),
        EntryLook(AcknowledgedEntry, _acknowledged),
        EntryLook(JoinedEntry, _acknowledged),
        EntryLook(DeclinedEntry, _declined),
        EntryLook(ReleasedEntry, _released),
        EntryLook(LapsedEntry, _lapsed),
        EntryLook(EscalatedEntry, _escalated),
        EntryLook(DeliveryFailedEntry, _failed),
        EntryLook(EmailedEntry, lambda words, data, _limit: _count(words, "recipients", data.recipients)),
        EntryLook(DetailsChangedEntry, details_changed),
        EntryLook(SeverityChangedEntry, _severity),
        EntryLook(RoleChangedEntry, _role),
        EntryLook(StepDoneEntry, _step),
        EntryLook(OutputEntry, _output),
        EntryLook(StepUndoneEntry, _step),
        EntryLook(UpdateDueEntry, _update_due),
        EntryLook(VoiceJoinedEntry, lambda _words, data, _limit: [_text(data.channel)]),
        EntryLook(LinkedEntry, _linked),
        EntryLook(UnlinkedEntry, lambda words, data, _limit: _other(words, "same_as", data.with_)),
        EntryLook(UnmergedEntry, lambda words, data, _limit: _other(words, "let_go", data.with_)),
        EntryLook(MemberAddedEntry, lambda words, data, _limit: _who(words, data.name)),
        EntryLook(MemberRemovedEntry, lambda words, data, _limit: _who(words, data.name)),
        EntryLook(ResolvedEntry, resolved),
        EntryLook(ResolutionCorrectedEntry, resolution_corrected),
        EntryLook(MergedEntry, lambda words, data, _limit: _other(words, "goes_on_in", data.into)),
        EntryLook(PinDeletedEntry, _deleted),
    )
}

_ANY: Final = EntryLook(_Reason, lambda words, data, limit: _because(words, data.reason, limit))


def look_of(policy: Policy, kind: EntryKind) -> EntryLook[Any]:
    """Return how the details of a kind of entry look; plain if its capability is absent or switched off."""
    own = (look for one in policy.capabilities for look in one.entries if look.type.kind is kind)
    return _LOOKS.get(kind) or next(own, _ANY)
