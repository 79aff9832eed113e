"""``[[alerts.rules]]``: which alerts open nothing, or only later."""

from datetime import timedelta
from typing import Annotated, Final

from pydantic import model_validator

from bot.domain.alerts.events import AlertRule, Threshold
from bot.domain.alerts.recognition import PATTERN_LIMIT, Shape
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import Problem, Rule, Section

#: The bot's own limit: an alert is compared with each.
MOST_RULES: Final = 100
#: What came longer ago may be deleted: decisions are kept for 14 days.
_LONGEST_COUNT: Final = timedelta(days=1)
_MOST_TIMES: Final = 100


def _wildcard(value: object) -> Shape:
    shape = Shape.parse(values.string(value))
    if any(shape.holes):
        raise ValueError(value)
    return shape


_Wildcard = Annotated[
    Shape,
    Rule(
        "a text with wildcards",
        f'a line of 1 to {PATTERN_LIMIT} characters; * stands for anything ("Disk * is almost full*")',
        _wildcard,
    ),
]


class AlertRuleTable(Section):
    """``[[alerts.rules]]``."""

    title: _Wildcard | None = None
    target: _Wildcard | None = None
    sender: _Wildcard | None = None
    severity: values.OfSeverity | None = None
    ignore: values.Bool = False
    only_after: Annotated[int, values.whole(2, _MOST_TIMES, "how often an alert has to come")] | None = None
    within: moments.Duration | None = None
    becomes: values.OfSeverity | None = None

    @model_validator(mode="after")
    def _decides(self) -> "AlertRuleTable":
        if {self.title, self.target, self.sender, self.severity} == {None}:
            raise Problem("is missing; allowed: at least one of title, target, sender, severity", key="title")
        if self.ignore and (self.only_after or self.becomes):
            raise Problem("goes with neither only_after nor becomes: the alert opens nothing", key="ignore")
        if not (self.ignore or self.only_after or self.becomes):
            raise Problem("is missing; allowed: one of ignore = true, only_after, becomes", key="ignore")
        return self

    @model_validator(mode="after")
    def _counts_within(self) -> "AlertRuleTable":
        if (self.only_after is None) is not (self.within is None):
            missing = "only_after" if self.within else "within"
            raise Problem('is missing; only_after and within go together (3 and "10m")', key=missing)
        if self.within is not None and self.within > _LONGEST_COUNT:
            raise Problem("is too long; allowed: up to 24h", key="within")
        return self

    def value(self, number: int) -> AlertRule:
        """Return the rule, the *number*th of the file."""
        threshold = None
        if self.only_after is not None and self.within is not None:
            threshold = Threshold(self.only_after, self.within)
        return AlertRule(
            number=number,
            title=self.title,
            target=self.target,
            sender=self.sender,
            severity=self.severity,
            ignores=self.ignore,
            only_after=threshold,
            becomes=self.becomes,
        )
