"""The rules of an incident's life."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import InvalidTransition
from bot.domain.incident import transitions
from bot.domain.incident.incident import Incident, PersonRef, Status
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
