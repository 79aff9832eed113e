"""How users are told, as `doctor` says it."""

from dataclasses import replace

from bot.doctor.finding import Finding, State
from bot.runbook import Policy, load_policy
from cogs.announcements.doctor import check_announcements
from cogs.announcements.rules import AnnouncementRules

POLICY = load_policy(None)


def found(policy: Policy = POLICY, *, has_webhook: bool = False) -> Finding:
    """The line."""
    return check_announcements(policy, has_webhook=has_webhook)


def test_it_says_how_users_are_told_and_what_they_know_no_name_of() -> None:
    """A webhook is nothing that a team has to have."""
    line = found()
    assert line.state is State.OK
    assert "SEV1, SEV2: people publish by copying" in line.said
    assert '"some features" stands for admin.parky.co.jp, dev-*' in line.said
    assert "sent to ANNOUNCE_WEBHOOK_URL" in found(has_webhook=True).said


def test_a_webhook_that_the_policy_does_not_use_is_a_warning() -> None:
    """Doctor warns of a webhook for announcements that the policy does not use.

    There is no warning if the policy announces no severity at all.
    """
    unused = POLICY.with_rules(replace(POLICY.of(AnnouncementRules), uses_webhook=False))
    assert found(unused, has_webhook=True).state is State.WARN
    silent = POLICY.with_rules(replace(POLICY.of(AnnouncementRules), severities=()))
    assert found(silent, has_webhook=True).state is State.OK
