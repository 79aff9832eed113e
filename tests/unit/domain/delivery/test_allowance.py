"""Never over Discord's limits, with a clock that the test moves."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.delivery.limits import LATER, URGENT, Allowance, RouteAllowance

LESSER = URGENT - 10


@given(st.lists(st.floats(0.0, 0.3), min_size=1, max_size=300))
def test_in_no_second_more_pass_than_the_rate_and_the_burst(pauses: list[float]) -> None:
    """If each request waits as told, no second has more requests than the rate and the burst allow."""
    allowance, now, passed = Allowance(40.0, 4.0), 0.0, []
    for pause in pauses:
        now += pause
        now += allowance.wait_s(now)
        allowance.take(now)
        passed.append(now)
    for start in passed:
        assert sum(start <= at < start + 1.0 for at in passed) <= 44 + 1


def test_a_pause_holds_everything_up() -> None:
    """Discord's global limit was hit: nothing for as long as it says, however much was left."""
    allowance = Allowance(40.0, 4.0)
    allowance.pause(12.0, now=10.0)
    assert allowance.wait_s(10.0) > 1.9
    assert allowance.wait_s(12.0) == 0.0


def known(*, limit: int = 5, remaining: int = 4, at: float = 0.0) -> RouteAllowance:
    """A bucket whose window is 5 s."""
    route = RouteAllowance()
    route.learn(at, limit=limit, remaining=remaining, reset_after_s=5.0)
    return route


def test_the_first_request_of_a_route_goes_alone() -> None:
    """The first request of a route goes alone, because its answer says how many may go at once."""
    route = RouteAllowance()
    assert route.capacity_in_s(0.0, urgency=URGENT) == 0.0
    route.outgoing += 1
    assert route.capacity_in_s(0.0, urgency=URGENT) > 0.0


def test_what_is_under_way_counts() -> None:
    """Four are left and four are on their way: the next one has room when the window is over."""
    route = known(remaining=4)
    route.outgoing = 4
    assert route.capacity_in_s(1.0, urgency=URGENT) == 4.0
    route.outgoing = 3
    assert route.capacity_in_s(1.0, urgency=URGENT) == 0.0


def test_the_last_place_of_a_window_is_for_what_is_urgent() -> None:
    """A digest's edit never takes the place that a P0 needs."""
    route = known(remaining=1)
    assert route.capacity_in_s(1.0, urgency=LESSER) == 4.0
    assert route.capacity_in_s(1.0, urgency=URGENT) == 0.0


def test_what_nobody_waits_for_leaves_two_places() -> None:
    """The edits of old posts leave two places of a window for the posts that people look at."""
    route = replace(known(remaining=3), keeps_back=False, keeps_from_later=True)
    assert route.capacity_in_s(1.0, urgency=LATER) == 0.0
    route.begin()
    assert route.capacity_in_s(1.0, urgency=LATER) == 4.0
    assert route.capacity_in_s(1.0, urgency=LATER + 1) == 0.0
    ordinary = replace(known(remaining=1), keeps_back=False)
    assert ordinary.capacity_in_s(1.0, urgency=LATER) == 0.0


def test_those_who_are_sent_away_come_back_in_turn() -> None:
    """A window's worth at a time; what is more urgent is not behind them."""
    route = known(remaining=0)
    waits = [route.capacity_in_s(0.0, urgency=LESSER) for _ in range(9)]
    assert waits == [5.0] * 4 + [10.0] * 4 + [15.0]
    assert route.capacity_in_s(0.0, urgency=URGENT) == 5.0


def test_an_edit_that_comes_back_early_has_one_place_all_the_same() -> None:
    """A job is brought forward by each change: ten looks must not put its edit off by ten windows."""
    route = known(remaining=0)
    waits = [route.capacity_in_s(0.0, urgency=LESSER, subject="messages/1") for _ in range(10)]
    assert waits == [5.0] * 10
    others = [route.capacity_in_s(0.0, urgency=LESSER, subject=f"messages/{one}") for one in range(2, 6)]
    assert others == [5.0, 5.0, 5.0, 10.0]


def test_an_old_answer_does_not_give_back_what_is_gone() -> None:
    """An answer that another one has overtaken does not raise the number of requests that are left.

    The first answer in a new window sets the number afresh.
    """
    route = known(remaining=1)
    route.learn(0.1, limit=5, remaining=3, reset_after_s=4.9)
    assert route.remaining == 1
    route.learn(6.0, limit=5, remaining=4, reset_after_s=5.0)
    assert route.remaining == 4


def test_a_route_without_a_limit_is_not_held_up() -> None:
    """A route without a limit holds no request up; Discord sends no rate-limit headers for some routes."""
    route = RouteAllowance(is_unlimited=True, outgoing=50)
    assert route.capacity_in_s(0.0, urgency=LESSER) == 0.0


def test_a_place_that_is_kept_counts_until_it_is_used_or_given_up() -> None:
    """Six that look at the same moment are not six that go: a look keeps the place for the request."""
    route = known(limit=3, remaining=2)
    for _ in range(2):
        assert route.capacity_in_s(1.0, urgency=URGENT) == 0.0
        route.hold(3.0)
    assert route.capacity_in_s(1.0, urgency=URGENT) > 0.0
    route.begin()
    assert (route.outgoing, len(route.held)) == (1, 1)
    assert route.capacity_in_s(3.5, urgency=URGENT) == 0.0, "the other one never came"
