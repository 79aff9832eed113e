"""Test reading a severity that a person types."""

import pytest

from bot.domain.errors import UserError
from bot.runbook import load_policy
from bot.ui.choices import severity_named

POLICY = load_policy(None)


@pytest.mark.parametrize("typed", ["SEV2", "sev2", " Sev2 ", "ＳＥＶ２"])
def test_it_is_known_in_whichever_case(typed: str) -> None:
    """A severity is recognized in upper and lower case."""
    assert severity_named(POLICY, typed).name == "SEV2"


def test_one_that_the_policy_lacks_is_refused() -> None:
    """A severity that the policy lacks is refused, and the refusal repeats it as it was typed."""
    with pytest.raises(UserError, match="severity_unknown") as refused:
        severity_named(POLICY, "sev9")
    assert refused.value.fields == {"value": "sev9"}
