"""When an attempt is repeated, and what goes first."""

from datetime import timedelta

from bot.domain.delivery.delivery import PATIENT_ATTEMPTS, RETRY_DELAYS_S, priority_of, retry_after
from bot.domain.delivery.kinds import DeliveryKind
from cogs.digest.rules import DigestDelivery


def test_what_rings_is_given_up_soon() -> None:
    """Five more attempts within about a minute, then layer two takes over."""
    delays = [retry_after(DeliveryKind.ALERT, n, asked_s=None) for n in range(1, len(RETRY_DELAYS_S) + 2)]
    assert delays[-1] is None
    assert delays[:-1] == sorted(d for d in delays[:-1] if d)
    assert sum(RETRY_DELAYS_S) < 90


def test_what_nobody_waits_for_is_late_rather_than_lost() -> None:
    """An outage of hours does not cost the week's digest; after a day it has failed."""
    delays = [retry_after(DigestDelivery.POST, n, asked_s=None) for n in range(1, PATIENT_ATTEMPTS + 2)]
    assert delays[-1] is None
    assert sum((d for d in delays if d), timedelta()) > timedelta(hours=20)


def test_peer_decides_how_long_at_least() -> None:
    """`retry_after` is honoured; our own delay stays the lower bound."""
    assert retry_after(DeliveryKind.PAGE, 1, asked_s=65) == timedelta(seconds=65)
    assert retry_after(DeliveryKind.PAGE, 5, asked_s=0.3) == timedelta(seconds=RETRY_DELAYS_S[4])


def test_a_page_outside_waits_a_minute_at_most() -> None:
    """A page outside Discord is given up if its service asks for more than a minute.

    The person's next way then takes its place.
    """
    assert retry_after(DeliveryKind.OUTSIDE_PAGE, 1, asked_s=60) == timedelta(minutes=1)
    assert retry_after(DeliveryKind.OUTSIDE_PAGE, 1, asked_s=61) is None


def test_more_severe_goes_first() -> None:
    """Priorities fall with the severity's rank, and deliveries without a severity come last."""
    order = [priority_of(rank) for rank in range(20)]
    assert order[0] == 100
    assert order == sorted(order, reverse=True)
    assert min(order) > priority_of(None)
