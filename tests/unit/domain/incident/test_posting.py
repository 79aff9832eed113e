"""Which of several posts of one incident counts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.parts import AlertPost, EscalationPost, IncidentThread
from bot.domain.incident.posting import (
    by_attention,
    has_moved,
    is_current,
    is_followed,
    is_stale,
    is_superseded,
    posting_of,
)
from tests.unit.domain.incident.test_incident import incident


def owed(kind: AnyDeliveryKind, posting: int | None = None) -> Delivery:
    """A delivery of incident 42 that was not sent."""
    return Delivery(
        id=1,
        kind=kind,
        to="incident",
        key="inc:42:x",
        guild_id=7,
        incident_id=42,
        data={} if posting is None else {"posting": posting},
        priority=0,
        status=DeliveryStatus.PENDING,
        nonce="n",
        attempts=0,
        created_at=datetime(2026, 11, 24, tzinfo=UTC),
    )


def test_a_post_without_a_number_is_of_the_first_posting() -> None:
    """A post without a number, as older versions stored it, belongs to the first posting."""
    assert posting_of(owed(DeliveryKind.ALERT)) == 1
    assert is_current(owed(DeliveryKind.ALERT), incident())


@pytest.mark.parametrize("kind", [kind for kind in DeliveryKind if kind.spec.part is None])
def test_what_is_no_part_of_a_posting_is_never_old(kind: AnyDeliveryKind) -> None:
    """A delivery that is no part of a posting, such as a DM or the digest, stays current when posts move."""
    moved = incident(post=AlertPost(3, message_id=1), thread=IncidentThread(2, posting=3))
    assert is_current(owed(kind), moved)
    assert not has_moved(owed(kind), moved)
    assert not is_superseded(owed(kind), moved)


@pytest.mark.parametrize("kind", [kind for kind in DeliveryKind if kind.spec.part is not None])
def test_what_was_never_sent_is_not_missed_after_a_newer_posting(kind: AnyDeliveryKind) -> None:
    """An unsent part of an older posting is superseded by a newer one.

    An unsent alert is still needed while the incident's thread hangs on it.
    """
    moved = incident(post=AlertPost(2), thread=IncidentThread(posting=2, channel="p0-alerts"))
    assert is_superseded(owed(kind, 1), moved)
    assert not is_superseded(owed(kind, 2), moved)
    keeps_thread = replace(moved, thread=replace(moved.thread, posting=1))
    assert is_superseded(owed(kind, 1), keeps_thread) is (kind is DeliveryKind.SEED_ACK)


def test_an_alert_without_a_thread_carries_nothing() -> None:
    """Where the policy opens no thread, a newer posting supersedes an unsent alert."""
    assert is_superseded(
        owed(DeliveryKind.ALERT, 1), incident(post=AlertPost(2), thread=IncidentThread(posting=1))
    )


def test_what_people_look_at_is_edited_first() -> None:
    """The newest escalation and the current alert come first, then the last DM to each person.

    The newest of the others follow. A post that a newer one has replaced comes after them, the newest first,
    and a triage's last.
    """
    kinds = DeliveryKind
    posts = [
        replace(owed(kind, posting), id=number, to=to)
        for number, (kind, posting, to) in enumerate(
            [
                (kinds.TRIAGE_LINE, None, "incident"),
                (kinds.ALERT, 1, "incident"),
                (kinds.PAGE, None, "person:primary"),
                (kinds.ESCALATION, None, "incident"),
                (kinds.ALERT, 2, "incident"),
                (kinds.PAGE, None, "person:primary"),
                (kinds.ESCALATION, None, "incident"),
                (kinds.ESCALATION, None, "incident"),
                (kinds.PAGE, None, "person:secondary"),
                (kinds.THREAD_CARD, None, "incident"),
            ]
        )
    ]
    moved = incident(post=AlertPost(2, message_id=1))
    awaited, replaced = by_attention(posts, moved)
    assert [post.id for post in awaited] == [7, 4, 8, 5, 9]
    assert [post.id for post in replaced] == [6, 3, 1, 2, 0]


def test_an_older_escalation_points_to_the_newest() -> None:
    """An escalation is followed once a newer one is posted, but not if it is shown in a bundle.

    It is edited once for each newer one and by no other change, after what people look at.
    """
    told = replace(owed(DeliveryKind.ESCALATION), message_id=10)
    assert not is_followed(told, incident())
    assert not is_followed(told, incident(escalation=EscalationPost(3, 10, 1)))
    after = incident(escalation=EscalationPost(3, 20, 2), version=4)
    assert is_followed(told, after)
    assert [is_stale(replace(told, shown_version=shown), after) for shown in (1, 2)] == [True, False]
    assert is_stale(replace(told, message_id=20, shown_version=3), after)
    assert by_attention([told], after) == ([], [told])
    assert not is_followed(replace(told, bundle_id=1), after)
    assert not is_followed(replace(told, message_id=30), after), "the version before does not record it"
    assert not is_followed(replace(told, message_id=None), after), "it is the newest, once it is posted"
