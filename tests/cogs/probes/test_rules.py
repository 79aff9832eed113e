"""How results change the state of a probe, and what is tracked."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, HttpTarget, SystemKind, SystemState
from cogs.probes.rules import (
    REPEAT,
    ProbeOutcome,
    ProbeRules,
    ProbeState,
    ProbeStatus,
    cuts_off,
    is_reached,
    outcome_of,
)
from tests.cogs.probes.prober import good, slow, unreachable, wrong

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
RULES = ProbeRules("api", "api", HttpTarget("https://api.example.com/health"), "SEV1", degraded="SEV3")
RESULTS = {"+": good(), "~": slow(), "-": wrong(), "x": unreachable()}


def played(script: str, rules: ProbeRules = RULES) -> tuple[ProbeStatus, list[str]]:
    """The status after a minute for each sign, and the events that were tracked."""
    status, said = ProbeStatus("api", 1, NOW), list[str]()
    for minute, sign in enumerate(script):
        now = NOW + timedelta(minutes=minute)
        status = status.after(RESULTS[sign], now).settled(rules, now)
        if status.event is not None:
            said.append(f"{minute}:{status.event}")
            status = status.received()
    return status, said


@pytest.mark.parametrize(
    ("script", "state", "said"),
    [
        ("", ProbeState.NEW, []),
        ("+", ProbeState.UP, []),
        ("-", ProbeState.NEW, []),
        ("--", ProbeState.DOWN, ["1:down"]),
        ("+-+-+-", ProbeState.UP, []),
        ("+--+", ProbeState.DOWN, ["2:down"]),
        ("+--+-+-", ProbeState.DOWN, ["2:down"]),
        ("+--++", ProbeState.UP, ["2:down", "4:over"]),
        ("+--+~~", ProbeState.DEGRADED, ["2:down", "4:over", "5:degraded"]),
        ("+~", ProbeState.UP, []),
        ("+~~", ProbeState.DEGRADED, ["2:degraded"]),
        ("+~~--", ProbeState.DOWN, ["2:degraded", "4:down"]),
        ("+~~+~+", ProbeState.DEGRADED, ["2:degraded"]),
        ("+~~++", ProbeState.UP, ["2:degraded", "4:over"]),
        ("--" + "-" * 20, ProbeState.DOWN, ["1:down", "11:down", "21:down"]),
    ],
)
def test_results_in_a_row_decide(script: str, state: ProbeState, said: list[str]) -> None:
    """Two failures, two answers, two slow ones; an outage is repeated every ten minutes."""
    assert timedelta(minutes=10) == REPEAT
    status, events = played(script)
    assert (status.state, events) == (state, said)


def test_a_degraded_target_says_nothing_unless_the_policy_gives_it_a_severity() -> None:
    """Without a severity for it, a degraded target raises no event, but its state is degraded."""
    status, events = played("+~~~", replace(RULES, degraded=None))
    assert (status.state, events) == (ProbeState.DEGRADED, [])


def test_the_policy_sets_how_many_in_a_row() -> None:
    """One failure may be enough, and an hour of answers may be needed."""
    assert played("-", replace(RULES, fails=1))[1] == ["0:down"]
    assert played("-" + "+" * 9, replace(RULES, fails=1, recovers=10))[0].state is ProbeState.DOWN


@pytest.mark.parametrize(
    ("result", "outcome", "reached"),
    [
        (good(), ProbeOutcome.OK, True),
        (slow(), ProbeOutcome.DEGRADED, True),
        (wrong(), ProbeOutcome.FAILED, True),
        (wrong(403), ProbeOutcome.FAILED, True),
        (unreachable(), ProbeOutcome.FAILED, False),
        (unreachable(OutboundProblem.UNKNOWN_HOST), ProbeOutcome.FAILED, False),
        (unreachable(OutboundProblem.TLS), ProbeOutcome.FAILED, True),
        (unreachable(OutboundProblem.REDIRECT), ProbeOutcome.FAILED, True),
        (unreachable(OutboundProblem.FORBIDDEN_ADDRESS), ProbeOutcome.UNKNOWN, False),
    ],
)
def test_anything_but_the_expected_answer_is_a_failure(
    result: CheckResult, outcome: ProbeOutcome, *, reached: bool
) -> None:
    """A refusal is one too; an address that the policy does not allow says nothing about the target."""
    assert (outcome_of(result), is_reached(result)) == (outcome, reached)


def test_a_problem_of_a_later_version_is_a_failure() -> None:
    """A stored result is read by any version."""
    result = CheckResult(
        system=SystemKind.HTTP, state=SystemState.DOWN, fact=Fact.PROBLEM, values={"problem": "new"}
    )
    assert outcome_of(result) is ProbeOutcome.FAILED


def test_a_target_that_was_not_asked_keeps_its_state() -> None:
    """A probe that the bot did not send leaves the target's state and counts as they were."""
    status, _ = played("+-")
    later = status.after(unreachable(OutboundProblem.FORBIDDEN_ADDRESS), NOW)
    assert replace(later, result=None, asked_at=None) == replace(status, result=None, asked_at=None)


def asked(*, reached: datetime | None, at: datetime = NOW, failed: bool = True) -> ProbeStatus:
    outcome = ProbeOutcome.FAILED if failed else ProbeOutcome.OK
    return ProbeStatus("dev", 2, NOW, outcome=outcome, asked_at=at, reached_at=reached)


OTHER = replace(RULES, name="dev", http=HttpTarget("https://dev.example.com"))
BEFORE, LATER = NOW - timedelta(minutes=1), NOW + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("others", "is_cut_off"),
    [
        ([], False),
        ([(asked(reached=None), OTHER)], True),
        ([(asked(reached=BEFORE), OTHER)], True),
        ([(asked(reached=LATER, failed=False), OTHER)], False),
        ([(asked(reached=LATER), OTHER)], False),
        ([(asked(reached=BEFORE, at=BEFORE, failed=False), OTHER)], False),
        ([(asked(reached=None), RULES)], False),
        ([(asked(reached=None), OTHER), (asked(reached=LATER), RULES)], False),
    ],
)
def test_the_prober_is_cut_off_when_no_other_host_answered_since(
    others: list[tuple[ProbeStatus, ProbeRules]], *, is_cut_off: bool
) -> None:
    """Any answer proves a network; hosts that were not asked meanwhile, and the same host, prove nothing."""
    failing, _ = played("xx")
    assert cuts_off(failing, RULES, others) is is_cut_off
    answering, _ = played("--")
    assert not cuts_off(answering, RULES, others)


def test_probes_spread_over_their_interval() -> None:
    """Of 200 probes, at most 40 begin in any tenth of their interval, which is twice an even share."""
    phases = [replace(RULES, name=f"p{number}").phase / RULES.every for number in range(200)]
    counts = [sum(int(phase * 10) == tenth for phase in phases) for tenth in range(10)]
    assert max(counts) <= 40
    assert min(phases) >= 0
