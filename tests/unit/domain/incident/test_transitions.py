"""Every transition of an incident, and every refusal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.errors import InvalidTransition
from bot.domain.incident import transitions
from bot.domain.incident.incident import (
    Incident,
    IncidentKind,
    PersonRef,
    Phase,
    Role,
    Status,
    StatusUpdate,
    StatusUpdates,
)
from bot.domain.incident.parts import IncidentThread
from bot.domain.incident.posting import archived, repost, rethread
from bot.domain.incident.transitions import AckOutcome
from bot.domain.severity import NewSeverity, SeverityChange
from tests.by_person import id_of, name_of, time_of
from tests.unit.domain.incident.test_incident import PRIMARY, SECONDARY, T0, incident

MINUTE = timedelta(minutes=1)
LATER = T0 + 10 * MINUTE
OTHER = incident(id=43)
SEV3 = NewSeverity("SEV3", "P2", T0 + timedelta(days=1), reposts=True, thread_channel=None)

End = Callable[[Incident], Incident]


def acknowledged(**changes: object) -> Incident:
    """Return an incident that primary acknowledged two minutes after the alert."""
    first = transitions.acknowledge(
        incident(**changes),
        by=PRIMARY,
        at=T0 + 2 * MINUTE,
        already_responding=False,
        next_update_at=T0 + 32 * MINUTE,
    )
    return first.incident


def resolve(of: Incident) -> Incident:
    """Ended well."""
    return transitions.resolve(of, by=SECONDARY, at=LATER, archive_at=LATER + timedelta(days=1))


def cancel(of: Incident) -> Incident:
    """Ended as a false alarm."""
    return transitions.cancel(of, by=SECONDARY, at=LATER, archive_at=LATER + timedelta(days=1))


def merge(of: Incident) -> Incident:
    """Ended as a duplicate."""
    return transitions.merge(of, into=OTHER, by=SECONDARY, at=LATER, archive_at=LATER + timedelta(days=1))


ENDS = [
    pytest.param(resolve, Status.RESOLVED, id="resolve"),
    pytest.param(cancel, Status.CANCELLED, id="cancel"),
    pytest.param(merge, Status.MERGED, id="merge"),
]

WHAT_NEEDS_AN_OPEN_ONE: list[End] = [
    resolve,
    cancel,
    merge,
    lambda of: transitions.change_severity(of, SEV3),
    lambda of: transitions.declare(replace(of, kind=IncidentKind.ALERT), thread_channel=None),
    lambda of: transitions.assign(of, Role.SCRIBE, PersonRef(1, "primary")),
    lambda of: transitions.apply_status_update(
        of, StatusUpdate("known", "", LATER, "primary"), next_update_at=None
    ),
]


def refused(do: End, of: Incident) -> InvalidTransition:
    """What *do* says against it."""
    with pytest.raises(InvalidTransition) as caught:
        do(of)
    return caught.value


# -- acknowledging


def test_the_first_acknowledge_starts_the_clock_of_updates() -> None:
    """An acknowledge schedules the next update by the policy; without a cadence none is due."""
    assert acknowledged().updates.due_at == T0 + 32 * MINUTE
    quiet = transitions.acknowledge(
        incident(updates=StatusUpdates(reminders=3)),
        by=PRIMARY,
        at=LATER,
        already_responding=False,
        next_update_at=None,
    ).incident
    assert (quiet.updates.due_at, quiet.updates.reminders) == (None, 0)


@pytest.mark.parametrize(("end", "status"), ENDS)
def test_an_acknowledge_after_the_end_changes_nothing(end: End, status: Status) -> None:
    """An acknowledge after the end is answered as too late, not as an error, and changes nothing."""
    over = end(incident())
    late = transitions.acknowledge(over, by=PRIMARY, at=LATER, already_responding=False, next_update_at=None)
    assert (late.outcome, late.incident.status, late.incident) == (AckOutcome.TOO_LATE, status, over)


# -- ending


@pytest.mark.parametrize(("end", "status"), ENDS)
@pytest.mark.parametrize("before", [incident(), acknowledged()], ids=["triggered", "acknowledged"])
def test_an_end(end: End, status: Status, before: Incident) -> None:
    """The end of an incident records who ended it and when, and keeps who acknowledged.

    The end drops the promised update and sets the time to archive the thread.
    """
    over = end(before)
    assert (over.status, time_of(over.ended), id_of(over.ended), name_of(over.ended)) == (
        status,
        LATER,
        2,
        "secondary",
    )
    assert (over.updates.due_at, over.thread.archive_at) == (None, LATER + timedelta(days=1))
    assert over.version == before.version + 1
    assert name_of(over.acknowledged) == name_of(before.acknowledged)
    assert not over.is_open


def test_a_merged_one_knows_where_it_went() -> None:
    """A merged incident keeps the number of the incident that it was merged into."""
    assert merge(incident()).merged_into_id == OTHER.id


@pytest.mark.parametrize(("end", "status"), ENDS)
@pytest.mark.parametrize("again", WHAT_NEEDS_AN_OPEN_ONE)
def test_what_has_ended_stays_so(end: End, status: Status, again: End) -> None:
    """An ended incident refuses whatever needs an open one, and says how it ended and by whom."""
    error = refused(again, end(incident()))
    assert error.key == f"already_{status.value}"
    assert error.fields["by"] == "secondary"
    assert error.fields["incident"] in ("INC-42", "ALERT-42")


@pytest.mark.parametrize(
    ("into", "key"),
    [
        (incident(), "merge_with_itself"),
        (resolve(OTHER), "merge_into_ended"),
        (incident(id=43, is_drill=True), "drill_and_real"),
        (replace(resolve(OTHER), is_drill=True), "drill_and_real"),
        (incident(id=43, is_private=True), "merge_unlike"),
        (incident(id=43, kind=IncidentKind.ALERT), "merge_into_alert"),
    ],
)
def test_merging_into_what_does_not_fit(into: Incident, key: str) -> None:
    """Itself, an ended one, a drill, a private one, an alert that has no thread to go on in."""
    error = refused(lambda of: transitions.merge(of, into=into, by=PRIMARY, at=LATER), incident())
    assert error.key == key


@pytest.mark.parametrize("into", IncidentKind)
def test_a_tracked_alert_is_merged_into_an_incident_or_another_one(into: IncidentKind) -> None:
    """An alert can be merged into an incident or into another alert."""
    tracked = incident(kind=IncidentKind.ALERT)
    merged = transitions.merge(tracked, into=incident(id=43, kind=into), by=PRIMARY, at=LATER)
    assert merged.merged_into_id == 43


# -- opening again


@pytest.mark.parametrize(("end", "_status"), ENDS)
def test_whoever_opens_it_again_is_on_it(end: End, _status: Status) -> None:
    """Whoever reopens an incident leads it, and of the end only its first time is left.

    The reopening does not count as an acknowledge; an acknowledge before the end stays.
    """
    every, at = 30 * MINUTE, LATER + 60 * MINUTE
    again = transitions.reopen(end(incident()), by=PRIMARY, at=at, next_update_at=at + every)
    assert (again.status, time_of(again.reopened), again.lead) == (
        Status.ACKNOWLEDGED,
        at,
        PersonRef(1, "primary"),
    )
    assert (time_of(again.acknowledged), id_of(again.acknowledged), again.took_to_acknowledge) == (
        None,
        None,
        None,
    )
    assert (time_of(again.ended), id_of(again.ended), name_of(again.ended)) == (None, None, None)
    assert (again.merged_into_id, again.thread.archive_at, again.first_ended_at) == (None, None, LATER)
    assert (again.updates.due_at, again.updates.remind_at) == (at + every, at + every)
    known = transitions.reopen(end(acknowledged()), by=SECONDARY, at=at, next_update_at=None)
    assert (name_of(known.acknowledged), known.lead) == ("primary", PersonRef(2, "secondary"))
    assert (known.updates.due_at, known.updates.remind_at) == (None, None)


def test_the_first_end_and_the_last_reopening_are_known() -> None:
    """However often an incident is reopened, its first end and its last reopening are known.

    The first end is also known for an incident that an older version has ended.
    """
    often = transitions.reopen(resolve(incident()), by=PRIMARY, at=LATER + MINUTE, next_update_at=None)
    often = transitions.cancel(often, by=PRIMARY, at=LATER + 2 * MINUTE)
    often = transitions.reopen(often, by=SECONDARY, at=LATER + 3 * MINUTE, next_update_at=None)
    assert (often.first_ended_at, time_of(often.reopened)) == (LATER, LATER + 3 * MINUTE)
    assert often.on_it == PersonRef(2, "secondary")
    older = replace(resolve(incident()), first_ended_at=None)
    assert (
        transitions.reopen(older, by=PRIMARY, at=LATER + MINUTE, next_update_at=None).first_ended_at == LATER
    )


def test_a_phase_stays_until_another_one_is_named() -> None:
    """Through updates without one, and an acknowledge that ends; shown while a responder is on it."""
    told = transitions.apply_status_update(acknowledged(), None, next_update_at=LATER, phase=Phase.IDENTIFIED)
    assert told.shown_phase is Phase.IDENTIFIED
    again = transitions.apply_status_update(
        told, StatusUpdate("known", "", LATER, "primary"), next_update_at=None
    )
    assert again.phase is Phase.IDENTIFIED
    waiting = transitions.end_ack(again, at=LATER, lapsed=True)
    assert (waiting.phase, waiting.shown_phase) == (Phase.IDENTIFIED, None)
    assert (
        transitions.apply_status_update(again, None, next_update_at=None, phase=Phase.MONITORING).phase
        is Phase.MONITORING
    )


def test_a_reopened_incident_has_no_phase() -> None:
    """Reopening an incident clears its phase, which is no longer shown once the incident has ended."""
    ended = resolve(
        transitions.apply_status_update(acknowledged(), None, next_update_at=None, phase=Phase.MONITORING)
    )
    assert ended.shown_phase is None
    assert transitions.reopen(ended, by=PRIMARY, at=LATER, next_update_at=None).phase is None


def test_what_is_open_needs_no_reopening() -> None:
    """Reopening an incident that is open is refused."""
    error = refused(
        lambda of: transitions.reopen(of, by=PRIMARY, at=LATER, next_update_at=None), acknowledged()
    )
    assert error.key == "still_open"


# -- severity


def test_another_severity_while_nobody_is_on_it() -> None:
    """A new severity of an unacknowledged incident brings its own deadline and posts the alert anew.

    Without an acknowledge no update is due.
    """
    changed = transitions.change_severity(incident(), replace(SEV3, next_update_at=LATER))
    assert (changed.severity, changed.priority, changed.ack_due_at) == ("SEV3", "P2", SEV3.ack_due_at)
    assert (changed.post.number, changed.thread.posting, changed.updates.due_at) == (2, 1, None)


def test_another_severity_while_somebody_is_on_it() -> None:
    """Whether they were in time does not change after the fact."""
    before = replace(acknowledged(), updates=StatusUpdates(reminders=2))
    quiet = replace(SEV3, reposts=False, next_update_at=LATER)
    changed = transitions.change_severity(before, quiet)
    assert (changed.ack_due_at, changed.post.number) == (before.ack_due_at, 1)
    assert (changed.updates.due_at, changed.updates.reminders) == (LATER, 0)


def test_who_changed_the_severity_counts_until_the_next_change() -> None:
    """An older version writes none: what it leaves does not agree with the severity any more."""
    told = SeverityChange(before="SEV1", after="SEV3", by="primary", at=LATER, reason="dev だけ")
    changed = transitions.change_severity(incident(), SEV3, change=told)
    assert changed.regraded == told
    assert transitions.change_severity(changed, replace(SEV3, name="SEV2")).regraded is None
    assert replace(changed, severity="SEV2").regraded is None


def test_a_thread_moves_with_its_severity() -> None:
    """A new severity opens a new thread if it wants the thread in another channel, else the thread stays."""
    changed = transitions.change_severity(
        incident(thread=IncidentThread(channel="p2-deploys")), replace(SEV3, thread_channel="p0-alerts")
    )
    assert (changed.thread.posting, changed.thread.channel) == (2, "p0-alerts")
    kept = transitions.change_severity(incident(thread=IncidentThread(channel="p0-alerts")), SEV3)
    assert (kept.thread.posting, kept.thread.channel) == (1, "p0-alerts")


def test_the_same_severity_is_no_change() -> None:
    """Two people at once: the second is told."""
    same = replace(SEV3, name="SEV1")
    error = refused(lambda of: transitions.change_severity(of, same), incident())
    assert (error.key, error.fields["severity"]) == ("same_severity", "SEV1")


# -- posting


def test_no_number_of_a_posting_is_used_twice() -> None:
    """Every new posting of an alert or a thread gets a number higher than all before.

    The cause may be a deleted thread, a deleted alert or a change of severity.
    """
    rethreaded = rethread(incident())
    assert (rethreaded.post.number, rethreaded.thread.posting) == (1, 2)
    reposted = repost(rethreaded)
    assert (reposted.post.number, reposted.thread.posting) == (3, 2)
    changed = transitions.change_severity(reposted, replace(SEV3, thread_channel="x"))
    assert (changed.post.number, changed.thread.posting) == (4, 4)


def test_a_tracked_alert_is_declared_once() -> None:
    """Declaring a tracked alert makes it an incident with a new posting; a second time it is refused."""
    tracked = incident(kind=IncidentKind.ALERT)
    declared = transitions.declare(tracked, thread_channel="p0-alerts")
    assert (declared.kind, declared.post.number, declared.thread.posting) == (IncidentKind.INCIDENT, 2, 2)
    error = refused(lambda of: transitions.declare(of, thread_channel="p0-alerts"), declared)
    assert error.key == "declared_before"


def test_the_same_alert_is_counted() -> None:
    """When a tracked alert comes again, its number of occurrences rises and the time is recorded."""
    again = transitions.count_occurrence(incident(kind=IncidentKind.ALERT), at=LATER)
    assert (again.tracked.occurrences, again.tracked.last_seen_at, again.version) == (2, LATER, 2)


# -- people and words


def test_a_role_is_given_passed_on_and_left() -> None:
    """Roles are given, passed on and given up, and are listed in the order of the roles.

    Giving a role to its holder again changes nothing.
    """
    scribed = transitions.assign(incident(), Role.SCRIBE, PersonRef(1, "primary"))
    led = transitions.assign(scribed, Role.COMMANDER, PersonRef(2, "secondary"))
    assert list(led.roles) == [Role.COMMANDER, Role.SCRIBE]
    assert led.commander == PersonRef(2, "secondary")
    assert transitions.assign(led, Role.SCRIBE, PersonRef(1, "primary")) is led
    passed = transitions.assign(led, Role.COMMANDER, PersonRef(3, "responder"))
    assert passed.roles == {Role.COMMANDER: PersonRef(3, "responder"), Role.SCRIBE: PersonRef(1, "primary")}
    assert passed.version == led.version + 1
    assert list(transitions.assign(passed, Role.COMMANDER, None).roles) == [Role.SCRIBE]


def test_a_reminder_is_for_the_person_who_has_it() -> None:
    """Whoever commands beside them; without such a person it is for the commander."""
    assert incident().lead is None
    assert acknowledged().lead == PersonRef(1, "primary")
    led = transitions.assign(acknowledged(), Role.COMMANDER, PersonRef(2, "secondary"))
    assert led.lead == PersonRef(1, "primary")
    assert led.lead_without([1]) == PersonRef(2, "secondary")


def test_a_status_update_resets_the_reminders() -> None:
    """A status update sets the next due time and resets the count of reminders."""
    update = StatusUpdate("rollback 中", "決済", LATER, "primary")
    told = transitions.apply_status_update(
        replace(acknowledged(), updates=StatusUpdates(reminders=3)), update, next_update_at=LATER + MINUTE
    )
    assert (told.updates.last, told.updates.due_at, told.updates.reminders) == (update, LATER + MINUTE, 0)


def test_an_archived_thread_is_not_archived_again() -> None:
    """Archiving clears the time at which the thread is to be archived, and changes nothing else."""
    over = resolve(incident())
    assert archived(over) == replace(
        over, thread=replace(over.thread, archive_at=None), version=over.version + 1
    )
