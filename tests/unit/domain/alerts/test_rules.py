"""The policy's rules about single alerts."""

import pytest

from bot.domain.alerts.events import AlertFacts, AlertRule, rule_for
from bot.domain.alerts.recognition import Shape

ALERT = AlertFacts("Disk /var is almost full (93 %)", "api.parky.co.jp", ("sentry", "Sentry"), "SEV2")


@pytest.mark.parametrize(
    ("rule", "is_about"),
    [
        (AlertRule(1, title=Shape.parse("disk * is almost full*")), True),
        (AlertRule(1, title=Shape.parse("Disk")), False),
        (AlertRule(1, target=Shape.parse("api.*")), True),
        (AlertRule(1, sender=Shape.parse("sentry")), True),
        (AlertRule(1, sender=Shape.parse("Grafana")), False),
        (AlertRule(1, severity="SEV1"), False),
        (AlertRule(1, title=Shape.parse("Disk*"), severity="SEV2"), True),
        (AlertRule(1, title=Shape.parse("Disk*"), severity="SEV3"), False),
    ],
)
def test_a_rule_is_about_what_has_all_that_it_names(rule: AlertRule, *, is_about: bool) -> None:
    """A rule fits an alert that has all that it names.

    Wildcards are allowed, the case does not matter, and each text must fit as a whole.
    """
    assert rule.is_about(ALERT) is is_about


def test_an_alert_without_a_target_fits_no_rule_about_one() -> None:
    """A rule about a target fits no alert without one, because that might be about anything."""
    assert not AlertRule(1, target=Shape.parse("*i*")).is_about(AlertFacts("x", None, (), "SEV2"))


def test_the_first_rule_decides() -> None:
    """The order of the file is the order of the rules."""
    first, second = AlertRule(1, severity="SEV2", ignores=True), AlertRule(2, title=Shape.parse("Disk*"))
    assert rule_for(ALERT, [first, second]) is first
    assert rule_for(ALERT, [AlertRule(1, severity="SEV1"), second]) is second
    assert rule_for(ALERT, []) is None
