"""The rules of an incident's life."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import InvalidTransition
from bot.domain.incident import transitions
from bot.domain.incident.incident import ByPerson, Incident, PersonRef, Status
from bot.domain.incident.transitions import AckOutcome
from bot.domain.people import Person, has_role
from tests.by_person import name_of

T0 = datetime(2026, 11, 24, 5, 5, tzinfo=UTC)
PRIMARY = Person(id=1, name="primary", roles=frozenset({"on-call"}))
SECONDARY = Person(id=2, name="secondary")


def incident(**changes: object) -> Incident:
    """A SEV1 triggered at T0 with its deadline 15 minutes later."""
    values: dict[str, object] = {
        "id": 42,
        "guild_id": 7,
        "severity": "SEV1",
        "priority": "P0",
        "status": Status.TRIGGERED,
        "title": "決済 API が 5xx",
        "targets": ("api.parky.co.jp",),
        "symptoms": ("errors",),
        "path": (),
        "started_at": T0,
        "triggered_at": T0,
        "ack_due_at": T0 + timedelta(minutes=15),
        "reported_by": PersonRef(3, "responder"),
    }
    return Incident(**{**values, **changes})  # type: ignore[arg-type]


def test_first_acknowledge_wins() -> None:
    """The first person is on it, and how long it took is known."""
    result = transitions.acknowledge(
        incident(), by=PRIMARY, at=T0 + timedelta(minutes=2), already_responding=False, next_update_at=None
    )
    assert result.outcome is AckOutcome.FIRST
    assert result.incident.status is Status.ACKNOWLEDGED
    assert name_of(result.incident.acknowledged) == "primary"
    assert result.incident.took_to_acknowledge == timedelta(minutes=2)


def test_later_acknowledge_joins_and_changes_nothing() -> None:
    """The second person is a responder; the first one stays who it was."""
    first = transitions.acknowledge(
        incident(), by=PRIMARY, at=T0, already_responding=False, next_update_at=None
    ).incident
    second = transitions.acknowledge(
        first, by=SECONDARY, at=T0 + timedelta(minutes=1), already_responding=False, next_update_at=None
    )
    assert (second.outcome, second.incident) == (AckOutcome.JOINED, first)


def test_same_person_twice_is_an_outcome() -> None:
    """A double tap is no error."""
    first = transitions.acknowledge(
        incident(), by=PRIMARY, at=T0, already_responding=False, next_update_at=None
    ).incident
    assert (
        transitions.acknowledge(
            first, by=PRIMARY, at=T0, already_responding=True, next_update_at=None
        ).outcome
        is AckOutcome.ALREADY
    )


def test_acknowledge_after_resolve_is_too_late() -> None:
    """An acknowledge after the incident was resolved is too late, and the incident stays resolved."""
    done = transitions.resolve(incident(), by=PRIMARY, at=T0)
    result = transitions.acknowledge(done, by=SECONDARY, at=T0, already_responding=False, next_update_at=None)
    assert (result.outcome, result.incident.status) == (AckOutcome.TOO_LATE, Status.RESOLVED)


def test_resolving_twice_names_who_did_it() -> None:
    """The second person learns that it is done, and by whom."""
    with pytest.raises(InvalidTransition) as refused:
        transitions.resolve(transitions.resolve(incident(), by=PRIMARY, at=T0), by=SECONDARY, at=T0)
    assert refused.value.fields == {"incident": "INC-42", "by": "primary"}


@pytest.mark.parametrize(
    ("acked_after", "now_after", "missed"),
    [(14, 60, False), (15, 60, False), (16, 60, True), (None, 10, False), (None, 16, True)],
)
def test_missed_deadline(acked_after: int | None, now_after: int, missed: bool) -> None:
    """An acknowledge on the deadline is in time; a later one, or none once it has passed, is not."""
    subject = incident()
    if acked_after is not None:
        at = T0 + timedelta(minutes=acked_after)
        subject = transitions.acknowledge(
            subject, by=PRIMARY, at=at, already_responding=False, next_update_at=None
        ).incident
    assert subject.missed_deadline(now=T0 + timedelta(minutes=now_after)) is missed


def test_resolved_without_acknowledge_in_time_is_not_missed() -> None:
    """An incident that is resolved before the deadline did not miss it, though never acknowledged."""
    done = transitions.resolve(incident(), by=PRIMARY, at=T0 + timedelta(minutes=3))
    assert not done.missed_deadline(now=T0 + timedelta(days=1))


def test_acknowledged_only_after_its_first_end_it_missed_nothing() -> None:
    """Ended in time, reopened and then acknowledged, an incident was answered by its first end."""
    over = transitions.resolve(incident(), by=PRIMARY, at=T0 + timedelta(minutes=5))
    again = transitions.reopen(over, by=SECONDARY, at=T0 + timedelta(hours=9), next_update_at=None)
    acked = replace(again, acknowledged=ByPerson(PRIMARY.id, PRIMARY.name, T0 + timedelta(hours=10)))
    assert not acked.missed_deadline(now=T0 + timedelta(hours=11))


def test_opened_again_it_was_answered_when_it_ended_first() -> None:
    """A reopened incident that was never acknowledged missed its deadline only if its first end was late."""
    for minutes, is_missed in ((5, False), (20, True)):
        over = transitions.resolve(incident(), by=PRIMARY, at=T0 + timedelta(minutes=minutes))
        again = transitions.reopen(over, by=SECONDARY, at=T0 + timedelta(hours=9), next_update_at=None)
        assert again.missed_deadline(now=T0 + timedelta(hours=10)) == is_missed
        ended = transitions.resolve(again, by=SECONDARY, at=T0 + timedelta(hours=11))
        assert ended.missed_deadline(now=T0 + timedelta(hours=12)) == is_missed


@pytest.mark.parametrize("roles", [(), ("everyone",), ("on-call", "admin")])
def test_role_admits(roles: tuple[str, ...]) -> None:
    """An empty list, "everyone" or one role of several is enough."""
    assert has_role(PRIMARY, roles)


def test_administrator_passes_every_check() -> None:
    """An administrator passes a check for any role without holding it, as in Discord itself."""
    assert has_role(Person(id=9, name="admin", is_admin=True), ("nobody",))


def test_a_person_without_any_of_the_roles_is_refused() -> None:
    """A person who holds none of the required roles and is no administrator does not pass the check."""
    assert not has_role(SECONDARY, ("responder", "admin"))
