"""Why a page came to a person, as of the time of the call."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from bot.domain.delivery.delivery import Delivery, DeliveryStatus, Request
from bot.domain.delivery.kinds import Action, DeliveryKind
from bot.domain.escalation.ladder import Step, Why, WhyKind, plan
from bot.domain.escalation.payloads import PagingData, ReleasedEntry
from bot.domain.escalation.why_me import CallAnswer, CallEvidence, Uncalled, why_me
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.incident.ownership import OwnerWhy
from bot.domain.incident.records import AcknowledgedEntry, DeclinedEntry, UpdateDueNotice
from bot.domain.oncall.book import Book, Rosters, rosters
from bot.domain.oncall.people import Duty, DutyKind, OnCallPerson
from bot.domain.people import Person
from bot.domain.severity import LadderStep, Mention
from bot.domain.timeline.entries import TimelineEntry
from tests.unit.domain.incident.test_incident import incident
from tests.unit.domain.oncall.test_roster import HOURS

T0 = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SATO, SUZUKI = OnCallPerson("sato", "佐藤"), OnCallPerson("suzuki", "鈴木")
READER = Person(1, "Sato", username="sato")
SECOND = Person(2, "Suzuki", username="suzuki")
STRANGER = Person(3, "Ito", username="ito")
LADDER = (
    LadderStep(after=timedelta(), dm=("primary",)),
    LadderStep(after=15 * MINUTE, mention=Mention.HERE, dm=("primary", "secondary")),
    LadderStep(after=60 * MINUTE, dm=("primary",), repeat=60 * MINUTE),
)
STEPS = plan(LADDER, incident_id=42, starts_at=T0, ack_due_at=T0 + 15 * MINUTE)
ROTATION = Duty(kind=DutyKind.LAYER, who="sato", since=T0, until=T0 + timedelta(days=7), layer=1)


def page(number: int, who: str, *, minutes: int = 0, place: str = "primary", **data: object) -> Delivery:
    """A DM to *who* that was queued so long after the alert, and arrived a second later."""
    step = {"step": 0 if minutes == 0 else 1, "severity": "SEV1", "waited_s": 60.0 * minutes, **data}
    at = T0 + minutes * MINUTE
    return Delivery(
        id=number,
        kind=DeliveryKind.PAGE,
        to=f"person:{place}",
        key=f"inc:42:x:{number}",
        guild_id=7,
        incident_id=42,
        data=step,
        priority=100,
        status=DeliveryStatus.SENT,
        nonce=f"n{number}",
        attempts=0,
        created_at=at,
        request=Request(Action.MESSAGE, 1, None, {}, who),
        message_id=900 + number,
        finished_at=at + timedelta(seconds=1),
    )


def escalation(number: int, *, minutes: int, step: int = 1) -> Delivery:
    """The channel's message of a step."""
    made = page(number, "", minutes=minutes)
    data = {**made.data, "step": step}
    return replace(made, kind=DeliveryKind.ESCALATION, to="channel:p0-alerts", request=None, data=data)


def refused(one: Delivery, http_status: int = HTTPStatus.FORBIDDEN) -> Delivery:
    """It was given up before Discord knew the place."""
    return replace(one, status=DeliveryStatus.FAILED, request=None, http_status=http_status)


def order(primary: OnCallPerson = SATO) -> Rosters:
    """Two places, without any schedule."""
    places = {"primary": (primary, ()), "secondary": (SUZUKI, ())}
    return rosters(places, [SATO, SUZUKI], Book(), hours=HOURS)


def evidence(
    *pages: Delivery, steps: tuple[Step, ...] = STEPS, said: tuple[TimelineEntry, ...] = ()
) -> CallEvidence:
    """What is on record."""
    return CallEvidence(incident(), pages, steps, said, order())


FIRST = page(1, "sato", duty=ROTATION.to_json())
AGAIN = page(2, "sato", minutes=15, duty=ROTATION.to_json())
BESIDE = page(3, "suzuki", minutes=15, place="secondary")


def declined(who: str, *, minutes: int) -> TimelineEntry:
    """They said no."""
    return TimelineEntry.of(
        DeclinedEntry(place="primary", to="secondary", asked=who, ladder=0), T0 + minutes * MINUTE
    )


def test_the_first_page_names_the_first_step_and_the_recorded_turn() -> None:
    """The explanation of a first page names the first step and the recorded turn on call."""
    why = why_me(evidence(FIRST), reader=READER, pressed=FIRST)
    assert why.rule is not None
    assert (why.rule.severity, why.rule.number, why.rule.after) == ("SEV1", 1, timedelta())
    assert why.own is not None
    assert (why.own.place, why.own.duty, why.own.is_recorded) == ("primary", ROTATION, True)
    assert [one.sent_at for one in why.own.pages] == [T0 + timedelta(seconds=1)]
    assert (why.tried, why.beside) == ((), ())
    assert why.uncalled == (Uncalled("@suzuki", "secondary", at=T0 + 15 * MINUTE),)


def test_the_second_in_line_sees_who_was_tried_before_and_that_both_were_called() -> None:
    """The first one's DMs before are told apart from the one of the same step."""
    why = why_me(evidence(FIRST, AGAIN, BESIDE), reader=SECOND, pressed=BESIDE)
    assert why.rule is not None
    assert (why.rule.number, why.rule.after, why.rule.repeats) == (2, 15 * MINUTE, False)
    assert [(one.who, len(one.pages), one.answer) for one in why.tried] == [("@sato", 1, None)]
    assert [(one.who, len(one.pages)) for one in why.beside] == [("@sato", 1)]
    assert why.uncalled == ()


def test_a_dm_is_about_its_own_step_and_other_places_about_the_latest() -> None:
    """The explanation below a DM is about that DM's step; elsewhere it is about the latest step.

    The explanation lists all of the reader's DMs, whichever was pressed.
    """
    found = evidence(FIRST, AGAIN, BESIDE)
    numbers = [
        why.rule.number
        for pressed in (FIRST, AGAIN, escalation(4, minutes=15), None)
        if (why := why_me(found, reader=READER, pressed=pressed)).rule is not None
    ]
    assert numbers == [1, 2, 2, 2]
    own = why_me(found, reader=READER, pressed=FIRST).own
    assert own is not None
    assert len(own.pages) == 2


def test_who_was_not_called_is_told_so_and_whom_the_step_called() -> None:
    """Below the escalation in the channel; each with their reason."""
    why = why_me(evidence(FIRST, AGAIN, BESIDE), reader=STRANGER, pressed=escalation(4, minutes=15))
    assert why.own is None
    assert why.rule is not None
    assert why.rule.number == 2
    assert [(one.who, one.place) for one in why.beside] == [("@sato", "primary"), ("@suzuki", "secondary")]
    assert why.beside[0].duty == ROTATION


def test_without_a_call_there_is_no_rule() -> None:
    """Without a page, for example if the severity sends none, the explanation names no rule."""
    assert why_me(evidence(), reader=READER, pressed=None).rule is None


def test_a_repetition_names_the_step_that_it_repeats() -> None:
    """The explanation of a repeated page names the step that is repeated, and the time of the repetition."""
    again = replace(STEPS[2], index=5, due_at=T0 + 180 * MINUTE)
    call = page(7, "sato", minutes=180, step=5)
    why = why_me(evidence(call, steps=(*STEPS, again)), reader=READER, pressed=call)
    assert why.rule is not None
    assert (why.rule.number, why.rule.repeats, why.rule.after) == (3, True, 180 * MINUTE)


def test_the_steps_of_a_later_ladder_count_from_one() -> None:
    """After a change of severity, the explanation of a page counts the steps of the new ladder from one."""
    start = T0 + 40 * MINUTE
    later = plan(LADDER, incident_id=42, starts_at=start, ack_due_at=start + 15 * MINUTE, first_index=3)
    call = page(7, "sato", minutes=55, step=4)
    why = why_me(evidence(call, steps=(*STEPS, *later)), reader=READER, pressed=call)
    assert why.rule is not None
    assert (why.rule.number, why.rule.after) == (2, 15 * MINUTE)


def test_a_page_that_was_passed_on_says_from_whom() -> None:
    """The explanation of a page that was passed on names the person who declined, and no step.

    That person is listed among those who were tried before, with the time of the refusal.
    """
    call = page(2, "suzuki", minutes=3, place="secondary", step=None, severity=None, declined_by="佐藤")
    found = evidence(FIRST, call, said=(declined("@sato", minutes=3),))
    why = why_me(found, reader=SECOND, pressed=call)
    assert why.rule is not None
    assert (why.rule.declined_by, why.rule.number) == ("佐藤", None)
    [first] = why.tried
    assert (first.who, first.answer, first.answered_at) == ("@sato", CallAnswer.DECLINED, T0 + 3 * MINUTE)


def test_a_page_after_a_refused_dm_says_whose() -> None:
    """The refused one has no recipient on record, but the person it was queued for."""
    gone = refused(FIRST, HTTPStatus.NOT_FOUND)
    reason = Why(kind=WhyKind.UNREACHED, who="@sato")
    call = page(2, "suzuki", minutes=1, place="secondary", step=0, why=reason.to_json())
    why = why_me(evidence(gone, call), reader=SECOND, pressed=call)
    assert why.rule is not None
    assert (why.rule.why, why.rule.number) == (reason, None)
    [first] = why.tried
    assert (first.who, first.is_gone, first.pages[0].is_refused) == ("@sato", True, True)
    assert not why_me(evidence(refused(FIRST), call), reader=SECOND, pressed=call).tried[0].is_gone


def test_who_has_acknowledged_since_is_said() -> None:
    """The page is asked about later, when all is over."""
    found = evidence(FIRST, AGAIN, BESIDE)
    taken = replace(found.incident, acknowledged=ByPerson(1, "sato", T0 + 20 * MINUTE))
    why = why_me(replace(found, incident=taken), reader=SECOND, pressed=BESIDE)
    assert (why.tried[0].answer, why.tried[0].answered_at) == (CallAnswer.ACKNOWLEDGED, T0 + 20 * MINUTE)


def test_without_a_record_the_schedule_of_then_is_asked() -> None:
    """An older version has stored nothing: what is computed is marked as such, or unknown."""
    old = page(1, "sato")
    own = why_me(evidence(old), reader=READER, pressed=old).own
    assert own is not None
    assert (own.duty, own.is_recorded) == (Duty(kind=DutyKind.ALWAYS, who="sato"), False)
    other = replace(evidence(old), rosters=order(primary=SUZUKI))
    unknown = why_me(other, reader=READER, pressed=old).own
    assert unknown is not None
    assert (unknown.duty, unknown.is_recorded) == (None, False)


def test_a_shift_that_began_before_the_dm_went_out_is_the_one_that_counts() -> None:
    """The page was queued for one person and rendered for the next one."""
    late = page(1, "suzuki", duty=ROTATION.to_json())
    found = replace(evidence(late), rosters=order(primary=SUZUKI))
    own = why_me(found, reader=SECOND, pressed=late).own
    assert own is not None
    assert (own.who, own.duty, own.is_recorded) == (
        "@suzuki",
        Duty(kind=DutyKind.ALWAYS, who="suzuki"),
        False,
    )


def test_a_dm_belongs_to_whoever_can_press_in_it() -> None:
    """The process that sent it died before it could say to whom."""
    unknown = replace(page(1, "sato"), request=None)
    own = why_me(evidence(unknown), reader=STRANGER, pressed=unknown).own
    assert own is not None
    assert own.place == "primary"


def test_pages_that_an_acknowledge_cancelled_were_no_calls() -> None:
    """Cancelled pages do not count as calls."""
    cancelled = replace(BESIDE, status=DeliveryStatus.CANCELLED)
    why = why_me(evidence(FIRST, cancelled), reader=SECOND, pressed=None)
    assert why.own is None
    assert why.rule is not None
    assert why.rule.number == 1


def test_who_has_declined_unasked_and_whom_no_step_calls() -> None:
    """The rest of the order, with the reason that holds for each."""
    only_first = plan(LADDER[:1], incident_id=42, starts_at=T0, ack_due_at=T0 + 15 * MINUTE)
    found = evidence(FIRST, steps=only_first)
    assert why_me(found, reader=READER, pressed=FIRST).uncalled == (Uncalled("@suzuki", "secondary"),)
    said_no = replace(found, entries=(declined("@suzuki", minutes=0),))
    why = why_me(said_no, reader=READER, pressed=FIRST)
    assert why.uncalled == (Uncalled("@suzuki", "secondary", has_declined=True, at=T0),)


def reminder(lead: Person | None = READER, *, asks: str | None = None) -> Delivery:
    """The line in the thread that asks for a status update."""
    told = UpdateDueNotice(
        due_at=T0 + 30 * MINUTE,
        reminder=1,
        lead=None if lead is None else lead.name,
        lead_id=None if lead is None else lead.id,
        gone=(),
        asks=asks,
    )
    made = page(9, "", minutes=31)
    return replace(made, kind=DeliveryKind.NOTICE, to="incident", request=None, data=told.as_data())


def test_a_reminder_asks_who_had_it_and_says_so_to_the_others() -> None:
    """The explanation of a reminder says how the person whom it asks came to have the incident then.

    It tells whether that is the reader. A later hand-over changes nothing.
    """
    entries = (
        TimelineEntry.of(AcknowledgedEntry(via="button"), T0 + MINUTE, by=SECOND),
        TimelineEntry.of(
            ReleasedEntry(resumed=False, to=PersonRef(READER.id, READER.name)), T0 + 2 * MINUTE, by=SECOND
        ),
        TimelineEntry.of(ReleasedEntry(resumed=True), T0 + 40 * MINUTE, by=READER),
    )
    found = replace(evidence(FIRST), entries=entries)
    for reader, is_theirs in ((READER, True), (SECOND, False)):
        told = why_me(found, reader=reader, pressed=reminder()).reminded
        assert told is not None
        assert (told.is_to_reader, told.lead, told.due_at) == (is_theirs, "Sato", T0 + 30 * MINUTE)
        assert told.has_it is not None
        assert (told.has_it.start, told.has_it.why) == (T0 + 2 * MINUTE, OwnerWhy.HANDED)
        assert told.stand_in is None


def test_a_reminder_to_the_commander_says_that_they_lead() -> None:
    """A commander who never had the incident is asked because they command it."""
    told = why_me(evidence(FIRST), reader=READER, pressed=reminder()).reminded
    assert told is not None
    assert (told.lead, told.has_it) == ("Sato", None)


def test_a_reminder_without_anybody_left_asks_the_person_on_call() -> None:
    """A reminder that names no lead asks the person who was on call at the place that it mentions.

    That person is computed, not recorded. Without such a place, the reminder asks nobody.
    """
    for reader, is_theirs in ((SECOND, True), (READER, False)):
        told = why_me(evidence(FIRST), reader=reader, pressed=reminder(None, asks="secondary")).reminded
        assert told is not None
        assert told.stand_in is not None
        assert (told.stand_in.who, told.stand_in.is_recorded) == ("@suzuki", False)
        assert told.is_to_reader is is_theirs
    nobody = why_me(evidence(FIRST), reader=READER, pressed=reminder(None)).reminded
    assert nobody is not None
    assert (nobody.is_to_reader, nobody.stand_in) == (False, None)


def test_the_stored_reason_survives_its_row() -> None:
    """The reason why a person is on call is read back from the data of a page as it was stored."""
    stored = PagingData(waited_s=0.0, duty=ROTATION).to_json()
    assert PagingData.from_json(stored).duty == ROTATION
