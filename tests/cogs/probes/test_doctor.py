"""What `doctor` says about probes."""

from dataclasses import replace
from datetime import timedelta

from bot.doctor.finding import State
from bot.domain.systems import HttpTarget
from bot.runbook import load_policy
from cogs.probes.doctor import check_probes
from cogs.probes.rules import ProbeRules, Probes

POLICY = load_policy(None)
API = ProbeRules("api", "api", HttpTarget("https://api.example.com/"), "SEV1", every=timedelta(seconds=30))
BESIDE = replace(API, name="here", http=HttpTarget("http://localhost:8080/", is_private=True))


def test_a_policy_without_probes_has_no_line() -> None:
    """Doctor says nothing about probes if the policy has none, since they cost nothing then."""
    assert list(check_probes(POLICY.with_rules(Probes({})))) == []


def test_a_target_on_the_bots_own_machine_is_warned_about() -> None:
    """Doctor warns of a probe's target on the bot's own machine, because both go down together."""
    found = list(check_probes(POLICY.with_rules(Probes({"api": API, "here": BESIDE}))))
    assert [one.state for one in found] == [State.OK, State.WARN]
    assert found[0].said == "2 targets, about 4 requests a minute"
    assert "here" in found[1].said
