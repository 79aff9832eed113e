"""When an attempt is repeated, and what goes first."""

from datetime import timedelta

from bot.domain.delivery import RETRY_DELAYS_S, priority_of, retry_after


def test_retries_grow_and_end() -> None:
    """Five more attempts within about a minute, then layer two takes over."""
    delays = [retry_after(attempts=n, asked_s=None) for n in range(1, len(RETRY_DELAYS_S) + 2)]
    assert delays[-1] is None
    assert delays[:-1] == sorted(d for d in delays[:-1] if d)
    assert sum(RETRY_DELAYS_S) < 90


def test_peer_decides_how_long_at_least() -> None:
    """`retry_after` is honoured; our own delay stays the lower bound."""
    assert retry_after(attempts=1, asked_s=65) == timedelta(seconds=65)
    assert retry_after(attempts=5, asked_s=0.3) == timedelta(seconds=RETRY_DELAYS_S[4])


def test_graver_goes_first() -> None:
    """By rank, with room for policies of many severities; what nobody waits for goes last."""
    order = [priority_of(rank) for rank in range(20)]
    assert order[0] == 100
    assert order == sorted(order, reverse=True)
    assert min(order) > priority_of(None)
