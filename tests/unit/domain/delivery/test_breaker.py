"""When Discord counts as away, and how seldom it is asked then."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery.limits import (
    ENOUGH,
    ENOUGH_IN_SILENCE,
    LASTING_S,
    LONGEST_WAIT_S,
    PAUSES_S,
    PROBE_S,
    Breaker,
)


def failing(times: int, *, silence: bool = False) -> Breaker:
    """After *times* failures at 0 s."""
    breaker = Breaker()
    for _ in range(times):
        breaker = breaker.failed(0.0, asked_at=0.0, silence=silence)
    return breaker


def test_a_burst_of_errors_is_no_outage() -> None:
    """One fewer than enough leaves everything as it is, and an answer forgets them."""
    breaker = failing(ENOUGH - 1)
    assert not breaker.is_open
    assert breaker.wait_s(0.0) == 0
    assert not breaker.answered().failed(1.0, asked_at=1.0).is_open


def test_failures_in_a_row_are_one() -> None:
    """Several failures in a row open the breaker for a pause."""
    breaker = failing(ENOUGH)
    assert breaker.is_open
    assert breaker.wait_s(0.0) == PAUSES_S[0]


def test_a_silent_gateway_makes_it_sooner() -> None:
    """Two things that do not answer are more than one."""
    assert failing(ENOUGH_IN_SILENCE, silence=True).is_open
    assert not failing(ENOUGH_IN_SILENCE).is_open


def test_two_timeouts_are_enough() -> None:
    """Two failures open the breaker once nothing has worked for LASTING_S; the first one alone does not."""
    first = Breaker().failed(LASTING_S, asked_at=0.0)
    assert not first.is_open
    assert first.failed(LASTING_S, asked_at=0.1).is_open


def test_a_ban_opens_at_once_and_for_as_long_as_it_says() -> None:
    """One failure with a wait for everybody opens the breaker.

    It stays open for that wait, up to LONGEST_WAIT_S, since asking on would make a ban longer.
    """
    breaker = Breaker().failed(0.0, asked_at=0.0, for_all_s=65.0)
    assert breaker.wait_s(0.0) == 65
    assert Breaker().failed(0.0, asked_at=0.0, for_all_s=1e9).wait_s(0.0) == LONGEST_WAIT_S


def test_one_probe_at_a_time() -> None:
    """While a probe of the breaker is in progress, other requests wait, but not longer than PROBE_S.

    An answer to the probe closes the breaker.
    """
    breaker = failing(ENOUGH)
    at = PAUSES_S[0]
    assert breaker.wait_s(at) == 0
    probing = breaker.asked(at)
    assert probing.wait_s(at) > 0
    assert probing.wait_s(at + PROBE_S) == 0
    assert not probing.answered().is_open


def test_what_was_under_way_when_it_opened_says_nothing_new() -> None:
    """A failure of a request that began before the breaker opened does not put off the next probe."""
    breaker = failing(ENOUGH)
    assert breaker.failed(1.0, asked_at=-1.0).next_probe_at == breaker.next_probe_at


def probes(seconds: float) -> list[float]:
    """Return the times of probes during an outage of that length, with constant requests."""
    breaker, now, asked = failing(ENOUGH), 0.0, []
    while now < seconds:
        if breaker.wait_s(now) == 0:
            asked.append(now)
            breaker = breaker.asked(now).failed(now, asked_at=now)
        now += 0.25
    return asked


def test_an_outage_of_ten_minutes_costs_few_requests() -> None:
    """An outage of ten minutes costs 15 to 30 probes, however many requests wait.

    No pause between two probes is more than a second over the longest one that is set.
    """
    asked = probes(600.0)
    assert 15 <= len(asked) <= 30
    assert max(later - earlier for earlier, later in pairwise(asked)) <= PAUSES_S[1] + 1


@given(st.lists(st.tuples(st.floats(0.1, 60), st.booleans(), st.booleans()), max_size=60))
def test_it_is_never_shut_for_good(story: list[tuple[float, bool, bool]]) -> None:
    """After any history the breaker lets a request through in time, and an answer closes it."""
    breaker, now = Breaker(), 0.0
    for pause_s, asks, fails in story:
        now += pause_s
        if asks and breaker.wait_s(now) == 0:
            breaker = breaker.asked(now)
            breaker = breaker.failed(now, asked_at=now) if fails else breaker.answered()
        later = now + PROBE_S + PAUSES_S[1] + 1
        assert breaker.wait_s(later) == 0
    assert breaker.answered() == Breaker()
