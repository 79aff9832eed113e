"""Show whether an unfinished triage is raised, and with which severity."""

from datetime import timedelta

import pytest

from bot.domain.people import Person
from bot.domain.triage.session import Idle, severity_if_left
from bot.domain.triage.tree import Given
from bot.runbook import default_policy_text, parse_policy
from tests.unit.domain.incident.test_incident import T0

POLICY = parse_policy(default_policy_text(), name="test")
YES, NO = Given("users_affected", "yes"), Given("users_affected", "no")
TEN = timedelta(minutes=10)


@pytest.mark.parametrize(
    ("path", "chosen", "raised"),
    [
        ((), None, None),
        ((YES,), None, "SEV2"),
        ((Given("users_affected", "yes", unsure=True),), None, "SEV2"),
        ((YES, Given("large_impact", "yes")), None, "SEV1"),
        ((YES, Given("large_impact", "no")), None, "SEV2"),
        ((NO,), None, None),
        ((NO, Given("dev_only", "yes")), None, None),
        ((NO, Given("dev_only", "no")), None, None),
        ((), "SEV1", "SEV1"),
        ((NO,), "SEV2", "SEV2"),
        ((YES,), "SEV3", None),
    ],
)
def test_only_what_is_sure_to_call_people_is_raised(
    path: tuple[Given, ...], chosen: str | None, raised: str | None
) -> None:
    """The least severe of the severities left is raised, if all of them page people."""
    found = severity_if_left(POLICY.tree, POLICY.severities, path=path, chosen=chosen)
    assert (None if found is None else found.name) == raised


def test_a_severity_that_the_policy_no_longer_knows_is_not_raised() -> None:
    """An unfinished triage with a severity that the policy no longer has is not raised."""
    assert severity_if_left(POLICY.tree, POLICY.severities, path=(YES,), chosen="SEV9") is None


def test_whoever_goes_on_is_whose_it_is() -> None:
    """The question is taken back, and the clock begins anew; the next question is another one."""
    asked = Idle(due_at=T0).asked("responder", at=T0, due_at=T0 + TEN)
    assert (asked.rounds, asked.asked_at, asked.due_at) == (1, T0, T0 + TEN)
    on = asked.continued(by=Person(id=1, name="primary"), at=T0 + TEN, due_at=T0 + 2 * TEN)
    assert (on.asked_at, on.continued_by_name, on.due_at) == (None, "primary", T0 + 2 * TEN)
    assert on.asked("primary", at=T0, due_at=T0).rounds == 2
    assert on.stopped().due_at is None
