"""``[hooks.<source>]``: which sources there are, and what their alerts are."""

import pytest

from bot.domain.errors import ConfigError
from bot.runbook import default_policy_text, parse_policy
from bot.runbook.model import Policy
from cogs.hooks.rules import HookFormat
from tests.cogs.hooks.sending import tables

CRON = """
[hooks.my-cron]
format = "json"
severity = "SEV3"
channel = "#p2-deploys"
severities = { Broken = "SEV2" }
mapping = { title = "message" }
"""


def parsed(text: str) -> Policy:
    """Parky's policy with *text* at its end."""
    return parse_policy(default_policy_text() + text, name="own.toml")


def test_a_source_of_any_name_is_one_table() -> None:
    """A source of hooks is one table of the policy, which says how its requests are read.

    The monitor's words for severities are kept in small letters, a channel's name without its #.
    """
    rules = tables(parsed(CRON))["my-cron"]
    assert (rules.format, rules.sender.name, rules.sender.label) == (HookFormat.JSON, "my-cron", "my-cron")
    assert (rules.sender.channel, rules.sender.severities) == ("p2-deploys", {"broken": "SEV2"})
    assert rules.mapping == {"title": "message"}


def test_a_known_system_needs_no_format() -> None:
    """A source named after a known system has that system's format, and its proper spelling as a label.

    A source of another name has the format that the policy gives, and its own name as a label.
    """
    rules = tables(parsed(""))["sentry"]
    assert (rules.format, rules.sender.label) == (HookFormat.SENTRY, "Sentry")
    other = tables(parsed('[hooks.sentry-eu]\nformat = "sentry"\nseverity = "SEV2"'))["sentry-eu"]
    assert (other.format, other.sender.label) == (HookFormat.SENTRY, "sentry-eu")


def test_a_source_of_json_may_report_deployments() -> None:
    """A source of JSON may report deployments; one of Sentry may not, as its format says what it is about."""
    text = '[hooks.deploys]\nformat = "json"\nseverity = "SEV3"\nreports = "deployments"'
    assert tables(parsed(text))["deploys"].reports_deployments
    with pytest.raises(ConfigError, match=r"hooks\.deploys\.reports"):
        parsed(text.replace("json", "sentry"))


def test_a_source_has_a_team_of_the_policy() -> None:
    """The alerts of a source are its team's; an unknown team is refused by its place."""
    text = CRON.replace("[hooks.my-cron]", '[hooks.my-cron]\nteam = "payments"')
    assert tables(parsed(text + "[teams.payments]"))["my-cron"].sender.team == "payments"
    with pytest.raises(ConfigError, match=r'hooks\.my-cron\.team: "payments" is not a team; allowed: "a"'):
        parsed(text + "[teams.a]")
