"""The policy's rules about single alerts: some open nothing, or only later, or are less severe."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.alerts.recognition import Shape


@dataclass(frozen=True, slots=True)
class Threshold:
    """How often an alert has to come before it is tracked.

    Attributes:
        count: At least 2.
        within: The time within which it has to.
    """

    count: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """What a rule is compared with.

    Attributes:
        title: As people read it.
        senders: The names of the monitor.
        severity: The name of the one that the alert has without a rule.
    """

    title: str
    target: str | None
    senders: tuple[str, ...]
    severity: str


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A rule. It is about an alert that has all that it names; at least one of them is given.

    Attributes:
        number: Its place in the policy, from 1.
        title, target, sender: None: any.
        severity: None: any.
        ignores: The alert opens nothing.
        only_after: It opens nothing before it came so often.
        becomes: The name of the severity that it has instead.
    """

    number: int
    title: Shape | None = None
    target: Shape | None = None
    sender: Shape | None = None
    severity: str | None = None
    ignores: bool = False
    only_after: Threshold | None = None
    becomes: str | None = None

    def is_about(self, alert: AlertFacts) -> bool:
        """Return True if the rule decides about *alert*."""
        return (
            _fits(self.title, (alert.title,))
            and _fits(self.target, () if alert.target is None else (alert.target,))
            and _fits(self.sender, alert.senders)
            and self.severity in {None, alert.severity}
        )


def rule_for(alert: AlertFacts, rules: Iterable[AlertRule]) -> AlertRule | None:
    """Return the first rule that is about *alert*, or None."""
    return next((rule for rule in rules if rule.is_about(alert)), None)


def _fits(shape: Shape | None, lines: tuple[str, ...]) -> bool:
    return shape is None or any(shape.match(line) is not None for line in lines)
