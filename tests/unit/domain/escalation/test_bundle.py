"""Which escalations may share one message."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.delivery.delivery import NewDelivery
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.escalation.pages import Group, group_of, may_grow, to_bundle
from bot.domain.incident.incident import Incident, Status
from tests.unit.ui.samples import TRIGGERED


def owed(number: int, *, kind: AnyDeliveryKind = DeliveryKind.ESCALATION, **facts: object) -> NewDelivery:
    """A delivery to one place."""
    to = "person:primary" if kind is DeliveryKind.PAGE else "channel:p0-alerts"
    data = {"mention": "here", **facts}
    return NewDelivery(kind, to, f"{kind}:{number}", 1, incident_id=number, data=data, priority=100)


def incident(**changes: object) -> Incident:
    """Return an unacknowledged incident."""
    return replace(TRIGGERED, **changes)  # type: ignore[arg-type]


def test_what_is_as_grave_for_the_same_people_is_one_group() -> None:
    """Deliveries of the same severity, place and mention form one group; DMs mention no one."""
    known = incident()
    escalation, page = owed(1), owed(1, kind=DeliveryKind.PAGE)
    assert group_of(escalation, known) == Group(
        1, DeliveryKind.ESCALATION, "channel:p0-alerts", known.severity, "here", 100
    )
    assert group_of(escalation, known) != group_of(owed(2, mention="none"), known)
    assert group_of(escalation, known) != group_of(escalation, incident(severity="SEV2"))
    assert group_of(page, known) == group_of(owed(2, kind=DeliveryKind.PAGE, mention="none"), known)


@pytest.mark.parametrize(
    ("new", "about"),
    [
        (owed(1), incident(is_private=True)),
        (owed(1), incident(is_drill=True)),
        (owed(1), replace(incident(), status=Status.ACKNOWLEDGED)),
        (owed(1, kind=DeliveryKind.NOTICE), incident()),
        (replace(owed(1), after="thread"), incident()),
    ],
    ids=["private", "drill", "acknowledged", "notice", "in a thread"],
)
def test_what_stands_for_itself(new: NewDelivery, about: Incident) -> None:
    """Private incidents, drills, acknowledged incidents, notices and posts in a thread belong to no group."""
    assert group_of(new, about) is None


def test_a_group_is_bundled_from_the_number_that_the_policy_says() -> None:
    """One fewer, and each is a message of its own; another severity does not count."""
    grave = [(owed(number), incident()) for number in range(3)]
    minor = [(owed(number), incident(severity="SEV2")) for number in range(3, 5)]
    assert set(to_bundle([*grave, *minor], bundle_from=3)) == {new.key for new, _ in grave}
    assert to_bundle([*grave, *minor], bundle_from=4) == {}


@pytest.mark.parametrize(
    ("age_s", "due_s", "waits"),
    [
        (0.1, None, False),
        (4.4, -60, True),
        (4.4, 0, True),
        (4.6, 0, False),
        (2.4, 1, True),
        (2.6, 1, False),
    ],
)
def test_how_long_it_waits_for_more(age_s: float, due_s: float | None, *, waits: bool) -> None:
    """Longer for what was due when it was begun than for what comes due meanwhile."""
    begun_at = datetime(2026, 11, 27, tzinfo=UTC)
    due_since = None if due_s is None else begun_at + timedelta(seconds=due_s)
    assert may_grow(begun_at, due_since=due_since, now=begun_at + timedelta(seconds=age_s)) is waits
