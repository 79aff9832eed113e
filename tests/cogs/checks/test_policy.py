"""The `[checks]` of a policy file: for which severities the bot looks at the systems by itself."""

from bot.domain.severity import NEXT_BUSINESS_DAY
from bot.runbook import parse_policy
from cogs.checks.rules import CheckRules
from tests.unit.runbook.policies import MINIMAL, PARKY, changed

_NAMED = 'severities = ["SEV1", "SEV2"]    # 自動で確認する重大度'


def test_the_default_policy_names_them() -> None:
    """By the default policy, the bot looks at the systems by itself for SEV1 and SEV2."""
    assert parse_policy(PARKY, name="policy.toml").of(CheckRules).severities == {"SEV1", "SEV2"}


def test_a_policy_may_name_none() -> None:
    """With an empty list in `[checks]`, the bot looks at the systems by itself for no severity."""
    text = changed(_NAMED, "severities = []  # 自動で確認する重大度")
    assert parse_policy(text, name="policy.toml").of(CheckRules).severities == frozenset()


def test_otherwise_they_are_those_that_wait_for_no_business_day() -> None:
    """Without `[checks]`, the bot looks at the systems by itself for severities with an urgent acknowledge.

    Those are the severities whose acknowledge is due within a span of time, not on a business day.
    """
    policy = parse_policy(MINIMAL, name="policy.toml")
    assert set(policy.severities) == {"HIGH", "LOW"}
    assert policy.severities["LOW"].ack_within is NEXT_BUSINESS_DAY
    assert policy.of(CheckRules).severities == {"HIGH"}
