"""The doctor's lines about what a policy switches off."""

from bot.doctor.finding import State
from bot.doctor.outside import check_switched_off
from bot.runbook import default_policy_text, parse_policy


def test_a_name_that_no_capability_has_is_a_warning() -> None:
    """A mistyped name switches nothing off, so the doctor names it; a known one is reported."""
    text = f'{default_policy_text()}\n[capabilities]\noff = ["announcement", "announcements"]\n'
    known, unknown = check_switched_off(parse_policy(text, name="policy.toml"))
    assert (known.state, known.said) == (State.OK, "switched off by the policy: announcements")
    assert unknown.state is State.WARN
    assert '"announcement", which is not there' in unknown.said
    assert list(check_switched_off(parse_policy(default_policy_text(), name="policy.toml"))) == []
