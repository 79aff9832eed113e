"""The answer to "Why me?", worked out from what is on record."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.escalation.ladder import Step, Why
from bot.domain.escalation.pages import person_of, place_of
from bot.domain.escalation.payloads import PagingData
from bot.domain.incident.incident import ByPerson, Incident
from bot.domain.incident.ownership import Spell, spells
from bot.domain.incident.parts import CallPage
from bot.domain.incident.records import DeclinedEntry, UpdateDueNotice
from bot.domain.oncall.book import Rosters
from bot.domain.oncall.people import Duty, OnCallPerson, id_of, marked
from bot.domain.people import Person
from bot.domain.timeline.entries import TimelineEntry, TimelineKind


@dataclass(frozen=True, slots=True)
class CallRule:
    """What caused the message.

    Attributes:
        severity: The one whose ladder it was.
        at: When it was decided, aware.
        number: The step's number in the ladder, from 1, as the policy file lists it; None: no step of it.
        after: Time from the ladder's start to the step; *due_at*: when it was due.
        repeats: The step is a repetition of that one.
        why: Why it came before its time, or outside the ladder.
        declined_by: The name of the person whose decline passed it on.
    """

    severity: str
    at: datetime
    number: int | None = None
    after: timedelta | None = None
    due_at: datetime | None = None
    repeats: bool = False
    why: Why | None = None
    declined_by: str | None = None


class CallAnswer(StrEnum):
    """What a person who was called has answered."""

    ACKNOWLEDGED = "acknowledged"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class CalledPerson:
    """A person who was called.

    Attributes:
        who: As `marked`; the place while its holder is not known.
        duty: What put them there when they were called; None: that is not known.
        is_recorded: The duty was stored with the call; else it is computed from the schedule as it was.
        pages: The DMs to them, by time.
        is_gone: Discord knows no such member of the server.
        answer, answered_at: Their answer, if there is one.
    """

    who: str
    place: str
    duty: Duty | None
    is_recorded: bool
    pages: tuple[CallPage, ...]
    is_gone: bool = False
    answer: CallAnswer | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Uncalled:
    """A person who was on call, too, but had not been called.

    Attributes:
        at: When they declined all the same, or the time of the step that was to call them; None: there was
            no such step.
    """

    who: str
    place: str
    has_declined: bool = False
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminded:
    """The reminder of a status update, and whom it asks.

    Attributes:
        due_at: When the update was due.
        lead: The name of the person whom it asks: who had the incident, else the commander; None: none was
            left.
        has_it: How and since when that person had the incident; None: they merely commanded it.
        is_to_reader: It asks the person who wants to know.
        stand_in: The person on call whom it mentions instead.
    """

    due_at: datetime
    lead: str | None
    has_it: Spell | None
    is_to_reader: bool
    stand_in: CalledPerson | None = None


@dataclass(frozen=True, slots=True)
class WhyMe:
    """The answer to one person.

    Attributes:
        rule: None: the ladder has not called anyone.
        own: The reader; None: they were not called.
        tried: The others called before, in that order.
        beside: The others called by the same step; without `own`, all that it called.
        uncalled: The rest of the on-call order then.
        reminded: They ask below a reminder, which no ladder has caused.
    """

    incident: Incident
    rule: CallRule | None = None
    own: CalledPerson | None = None
    tried: tuple[CalledPerson, ...] = ()
    beside: tuple[CalledPerson, ...] = ()
    uncalled: tuple[Uncalled, ...] = ()
    reminded: Reminded | None = None


#: The HTTP status of a person whom the server does not have.
_NOT_FOUND: Final = HTTPStatus.NOT_FOUND


@dataclass(frozen=True, slots=True)
class CallEvidence:
    """What is on record about an incident's calls.

    Attributes:
        pages: All DMs that it queued, oldest first.
        steps: Its ladders, by due time.
        entries: Its timeline.
        rosters: The on-call order, right since the incident was triggered.
        usernames: Of those who acknowledged, by id, as far as Discord told them; display names may differ.
    """

    incident: Incident
    pages: Sequence[Delivery]
    steps: Sequence[Step]
    entries: Sequence[TimelineEntry]
    rosters: Rosters
    usernames: Mapping[int, str] = field(default_factory=dict)


def why_me(evidence: CallEvidence, *, reader: Person, pressed: Delivery | None) -> WhyMe:
    """Explain why *reader* was called, as of the time of the call, or why others were.

    Args:
        pressed: The DM, the message in the channel or the reminder below which they ask. None: somewhere
            else; then the latest call counts.
    """
    if pressed is not None and pressed.kind is DeliveryKind.NOTICE:
        return WhyMe(evidence.incident, reminded=_reminded(evidence, pressed, reader=reader))
    pages = [page for page in evidence.pages if page.status is not DeliveryStatus.CANCELLED]
    own = [page for page in pages if _is_to(evidence, page, reader) or _is_same(page, pressed)]
    cause = _cause(own, pages, pressed)
    if cause is None:
        return WhyMe(evidence.incident)
    names = {_who(evidence, page) for page in own}
    others = [page for page in pages if _who(evidence, page) not in names]
    beside = [page for page in others if _is_beside(page, cause)]
    tried = [page for page in others if page.id < cause.id and not _is_beside(page, cause)]
    called = names | {_who(evidence, page) for page in [*tried, *beside]}
    return WhyMe(
        evidence.incident,
        _rule(evidence, cause),
        own=_called(evidence, own, about=cause) if own else None,
        tried=_each(evidence, tried),
        beside=_each(evidence, beside),
        uncalled=tuple(_uncalled(evidence, cause, called=called)),
    )


def _reminded(evidence: CallEvidence, pressed: Delivery, *, reader: Person) -> Reminded:
    """Return whom a reminder asks. The person at a place that it mentions is computed: none is stored."""
    notice, incident = UpdateDueNotice.from_json(pressed.data), evidence.incident
    holder = evidence.rosters.at(pressed.created_at).get(notice.asks or "")
    stand_in = None
    if holder is not None and notice.asks is not None:
        stand_in = CalledPerson(marked(holder.handle), notice.asks, holder.duty, is_recorded=False, pages=())
    before = [entry for entry in evidence.entries if entry.at <= pressed.created_at]
    *_, spell = spells(before, triggered_at=incident.triggered_at) or (None,)
    return Reminded(
        due_at=notice.due_at,
        lead=notice.lead,
        has_it=spell if spell is not None and spell.name == notice.lead is not None else None,
        is_to_reader=notice.lead_id == reader.id if holder is None else holder.is_for(reader),
        stand_in=stand_in,
    )


def _cause(own: Sequence[Delivery], pages: Sequence[Delivery], pressed: Delivery | None) -> Delivery | None:
    """Return the message that the answer is about: a DM to the reader if there is one.

    It is the one that was pressed; else the one of the same step; else the latest.
    """
    same_step = [page for page in own if pressed is not None and _is_beside(page, pressed)]
    this = [page for page in own if _is_same(page, pressed)]
    if own:
        return [*own, *same_step, *this][-1]
    return pressed if pressed is not None else next(reversed(pages), None)


def _rule(evidence: CallEvidence, cause: Delivery) -> CallRule:
    """Return what caused a page or an escalation."""
    data = PagingData.from_json(cause.data)
    rule = CallRule(data.severity or evidence.incident.severity, _called_at(evidence, cause))
    step = next((one for one in evidence.steps if one.index == data.step), None)
    if data.why is not None or data.declined_by is not None or step is None:
        return replace(rule, why=data.why, declined_by=data.declined_by)
    same_start = (one for one in evidence.steps if one.starts_at == step.starts_at)
    ladder = sorted(same_start, key=lambda one: one.index)
    origin = _origin(step, ladder)
    number = origin.index - min(one.index for one in ladder) + 1
    since = step.counts_from or step.starts_at or evidence.incident.triggered_at
    return replace(
        rule, number=number, after=step.due_at - since, due_at=step.due_at, repeats=origin.index != step.index
    )


def _origin(step: Step, ladder: Iterable[Step]) -> Step:
    """Return the step that *step* repeats; itself if it repeats none."""
    if step.rung.repeat is None:
        return step
    alike = (step.rung.repeat, step.rung.mention, step.rung.dm)
    return next(one for one in ladder if (one.rung.repeat, one.rung.mention, one.rung.dm) == alike)


def _each(evidence: CallEvidence, pages: Iterable[Delivery]) -> tuple[CalledPerson, ...]:
    """Return the people of *pages*, in the order of the first one."""
    people: dict[str, list[Delivery]] = {}
    for page in pages:
        people.setdefault(_who(evidence, page), []).append(page)
    return tuple(_called(evidence, theirs, about=theirs[-1]) for theirs in people.values())


def _called(evidence: CallEvidence, pages: Sequence[Delivery], *, about: Delivery) -> CalledPerson:
    """Return a person with all of *pages* to them, and what put them on call at the time of *about*."""
    duty, is_recorded = _duty(evidence, about)
    who = _who(evidence, about)
    answers = [(at, CallAnswer.DECLINED) for at in _declined(evidence, who)]
    for act in acknowledgements(evidence.incident):
        # By id or username; while that is not known, by name.
        name = evidence.usernames.get(act.id, act.name)
        if who.lower() in (marked(str(act.id)), marked(name).lower()):
            answers.append((act.at, CallAnswer.ACKNOWLEDGED))
    answered_at, answer = max(answers, default=(None, None))
    return CalledPerson(
        who,
        place_of(about),
        duty,
        is_recorded=is_recorded,
        pages=tuple(_as_call(evidence, page) for page in pages),
        is_gone=any(page.http_status == _NOT_FOUND for page in pages if _has_failed(page)),
        answer=answer,
        answered_at=answered_at,
    )


def _duty(evidence: CallEvidence, page: Delivery) -> tuple[Duty | None, bool]:
    """Return what put the person of *page* on call, and whether that was stored with it.

    A page goes to the holder of its place when it is sent. That may be another person than the one it was
    queued for, and an older version stored no reason. Then it is computed from the schedule as it was.
    """
    recorded, handle = PagingData.from_json(page.data).duty, page.recipient
    if recorded is not None and handle in (None, recorded.who):
        return recorded, True
    roster = evidence.rosters.places.get(place_of(page))
    then = None if roster is None else roster.duty_at(page.first_sent_at or _called_at(evidence, page))
    return (then if then is not None and handle in (None, then.who) else None), False


def acknowledgements(incident: Incident) -> list[ByPerson]:
    """Return the first acknowledgement and the latest one, as far as there are any."""
    return [act for act in (incident.acknowledged, incident.taken) if act is not None]


def _declined(evidence: CallEvidence, who: str) -> list[datetime]:
    """Return when the person said that they cannot respond."""
    entries = [entry for entry in evidence.entries if entry.kind is TimelineKind.DECLINED]
    return [entry.at for entry in entries if DeclinedEntry.from_json(entry.data or {}).asked == who]


def _uncalled(evidence: CallEvidence, cause: Delivery, *, called: Collection[str]) -> Iterator[Uncalled]:
    """Yield the other people on call at the time of *cause*, each once, and why they were not called."""
    at, places = _called_at(evidence, cause), dict[str, list[str]]()
    for place, person in evidence.rosters.at(at).items():
        places.setdefault(marked(person.handle), []).append(place)
    for who, theirs in places.items():
        if who in called:
            continue
        if before := [when for when in _declined(evidence, who) if when <= at]:
            yield Uncalled(who, theirs[0], has_declined=True, at=before[-1])
        else:
            yield Uncalled(who, theirs[0], at=_next_call(evidence, theirs, after=at))


def _next_call(evidence: CallEvidence, places: Collection[str], *, after: datetime) -> datetime | None:
    """Return when the ladder that ran at *after* was to call one of *places* next; None: no step was to."""
    begun = [step for step in evidence.steps if step.starts_at is None or step.starts_at <= after]
    last = max((step.starts_at for step in begun if step.starts_at is not None), default=None)
    to_come = [step for step in begun if step.starts_at == last and step.due_at > after]
    return min((step.due_at for step in to_come if {*step.rung.dm} & {*places}), default=None)


def _who(evidence: CallEvidence, page: Delivery) -> str:
    """Return the person of a page, as `marked`; the place if even its holder of then is not known.

    A page that is on its way, was refused, or was sent without the database has no recipient on record.
    """
    if page.recipient is not None:
        return person_of(page)
    duty = PagingData.from_json(page.data).duty
    if duty is not None:
        return marked(duty.who)
    holder = evidence.rosters.at(_called_at(evidence, page)).get(place_of(page))
    return person_of(page) if holder is None else marked(holder.handle)


def _called_at(evidence: CallEvidence, message: Delivery) -> datetime:
    """Return when a page or an escalation was decided: its row may be younger, after an outage."""
    waited_s = PagingData.from_json(message.data).waited_s
    return min(message.created_at, evidence.incident.triggered_at + timedelta(seconds=waited_s))


def _is_to(evidence: CallEvidence, page: Delivery, reader: Person) -> bool:
    who = _who(evidence, page)
    handle = who.removeprefix("@")
    return who != handle and OnCallPerson(handle, "", user_id=id_of(handle)).is_for(reader)


def _is_same(page: Delivery, pressed: Delivery | None) -> bool:
    """Return True if *page* is the DM below which the button was pressed."""
    return pressed is not None and page.id == pressed.id


def _is_beside(page: Delivery, other: Delivery) -> bool:
    """Return True if both were queued by the same decision, or are the same."""
    return _decision(page) == _decision(other)


def _decision(message: Delivery) -> tuple[object, ...]:
    data = PagingData.from_json(message.data)
    return message.created_at, data.step, data.why, data.declined_by


def _has_failed(page: Delivery) -> bool:
    return page.status is DeliveryStatus.FAILED


def _as_call(evidence: CallEvidence, page: Delivery) -> CallPage:
    """Return a page as a call. One that was sent without the database was finished when it was recorded."""
    called_at, is_sent = _called_at(evidence, page), page.status is DeliveryStatus.SENT
    arrived_at = called_at if page.first_sent_at is None and page.request is None else page.finished_at
    return CallPage(
        who=_who(evidence, page),
        asked_at=called_at,
        sent_at=arrived_at if is_sent else None,
        is_refused=_has_failed(page),
        is_emailed=page.has_email,
    )
