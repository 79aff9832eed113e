"""Which of several posts of one incident counts."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.incident.parts import AlertPost, IncidentThread
from bot.domain.incident.posting import (
    by_attention,
    has_moved,
    is_current,
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
    """The newest escalation and the current alert come first, then the newest of the others.

    A post that a newer one has replaced comes after them, the newest first, and a triage's last.
    """
    kinds = DeliveryKind
    posts = [
        replace(owed(kind, posting), id=number)
        for number, (kind, posting) in enumerate(
            [
                (kinds.TRIAGE_LINE, None),
                (kinds.ALERT, 1),
                (kinds.THREAD_CARD, None),
                (kinds.PAGE, None),
                (kinds.ESCALATION, None),
                (kinds.ALERT, 2),
                (kinds.ESCALATION, None),
                (kinds.ESCALATION, None),
                (kinds.PAGE, None),
            ]
        )
    ]
    moved = incident(post=AlertPost(2, message_id=1))
    awaited, replaced = by_attention(posts, moved)
    assert [post.id for post in awaited] == [7, 5, 8, 3, 2]
    assert [post.id for post in replaced] == [6, 4, 1, 0]
