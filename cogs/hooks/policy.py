"""``[hooks.<source>]``: systems that report their alerts by HTTP."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, Field

from bot.capability import PolicyPart
from bot.domain.alerts.events import AlertSender
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost, CapabilityTables, Problem, Section
from bot.runbook.model import Policy
from cogs.hooks.rules import (
    LABELS,
    HookFormat,
    HookRules,
    HookSenders,
    MappedPart,
    Webhook,
    in_environment,
)

if TYPE_CHECKING:
    from bot.settings import Settings

#: The bot's own limits.
MOST_SOURCES: Final = 50
_MOST_WORDS: Final = 50
_WEBHOOK: Final = "the number that ends the address of its settings"
_BIGGEST: Final = 2**53  # of a number that GitHub writes

_LABELS: Final = {str(one): label for one, label in LABELS.items()}
_FORMATS: Final = ", ".join(f'"{one}"' for one in HookFormat)
SourceName = Annotated[
    str,
    values.matching(
        r"[a-z](?:-?[a-z0-9]){0,30}", "a source", 'letters, digits and single hyphens ("sentry", "my-cron")'
    ),
]
_Name = Annotated[str, values.string_up_to(100, "a monitor's name for a target", "parky/app")]
_Word = Annotated[str, values.string_up_to(50, "a monitor's word for a severity", "critical")]
_MAPPED: Final = frozenset({HookFormat.JSON, HookFormat.STANDARD})


def _is_expression(text: str) -> str:
    """Check an expression. What a name in it finds is known only when an alert comes.

    Raises:
        Problem.
    """
    # A policy without a mapping does without the parser, and without the time that it takes to import.
    import jmespath  # noqa: PLC0415
    from jmespath.exceptions import JMESPathError, JMESPathTypeError  # noqa: PLC0415

    try:
        jmespath.compile(text).search({})
    except JMESPathTypeError:
        return text  # of the empty object that it is tried with
    except JMESPathError as error:
        raise Problem(f"is not JMESPath: {' '.join(str(error).split())}; for example: data.message") from None
    return text


_Expression = Annotated[
    str, values.string_up_to(500, "an expression", "data.message"), AfterValidator(_is_expression)
]
_Mapped = Annotated[MappedPart, values.choice(MappedPart, "a part of an alert")]


class Reported(StrEnum):
    """What a source's requests are about."""

    ALERTS = "alerts"
    DEPLOYMENTS = "deployments"  # for the card of suspects


class HookTable(Section):
    """``[hooks.<source>]``."""

    severity: values.OfSeverity
    format: Annotated[HookFormat, values.choice(HookFormat, "a format")] | None = None
    label: Annotated[str, values.string_up_to(50, "a label", "Sentry")] | None = None
    severities: Annotated[dict[_Word, values.OfSeverity], AtMost(_MOST_WORDS)] = Field(default_factory=dict)
    targets: Annotated[dict[_Name, values.Target], AtMost(_MOST_WORDS)] = Field(default_factory=dict)
    channel: values.Channel | None = None
    team: values.Id | None = None
    same_within: moments.Duration = timedelta(hours=24)
    mapping: dict[_Mapped, _Expression] = Field(default_factory=dict)
    repository: values.Repository | None = None
    webhook: Annotated[int, values.whole(1, _BIGGEST, "the number of a webhook")] | None = None
    reports: Annotated[Reported, values.choice(Reported, "what a source reports")] = Reported.ALERTS

    def read_as(self, name: str) -> HookFormat | None:
        """Return the format of the source *name*, which its name tells if the table does not, or None."""
        return self.format or next((one for one in HookFormat if one == name), None)

    def value(self, name: str) -> HookRules:
        """Return the rules of the source *name*, which has a format."""
        read_as = self.read_as(name) or HookFormat.JSON
        sender = AlertSender(
            name,
            self.label or _LABELS.get(name) or name,
            self.severity,
            severities=_by_word(self.severities),
            channel=self.channel,
            same_within=self.same_within,
            targets=_by_word(self.targets),
            team=self.team,
        )
        sent_by = None if self.webhook is None else Webhook(self.webhook, self.repository)
        mapping = {str(part): where for part, where in self.mapping.items()}
        reports_deployments = self.reports is Reported.DEPLOYMENTS
        return HookRules(sender, read_as, MappingProxyType(mapping), sent_by, reports_deployments)


def _each_readable(tables: Mapping[str, HookTable]) -> Mapping[str, HookTable]:
    for name, table in tables.items():
        read_as = table.read_as(name)
        if read_as is None:
            raise Problem(f"is missing; allowed: {_FORMATS}", key=f"{name}.format")
        if table.mapping and read_as not in _MAPPED:
            raise Problem('is for format = "json" or "standard" only', key=f"{name}.mapping")
        if table.reports is Reported.DEPLOYMENTS and read_as not in _MAPPED:
            raise Problem('is for format = "json" or "standard" only', key=f"{name}.reports")
        if table.webhook is not None and read_as is not HookFormat.GITHUB:
            raise Problem('is for format = "github" only', key=f"{name}.webhook")
        if table.repository is not None and table.webhook is None:
            raise Problem(f"is missing; allowed: {_WEBHOOK}", key=f"{name}.webhook")
    return tables


class HookTables(CapabilityTables):
    """``[hooks]``: the tables by the name of the source."""

    root: Annotated[dict[SourceName, HookTable], AtMost(MOST_SOURCES), AfterValidator(_each_readable)] = (
        Field(default_factory=dict)
    )

    def rules(self, _severities: Mapping[str, SeverityPolicy]) -> HookSenders:
        """Return the rules of every source."""
        return HookSenders(MappingProxyType({name: table.value(name) for name, table in self.root.items()}))


def problems(policy: Policy) -> Iterator[str]:
    """Yield where a source's own name stands for a target that no incident can have."""
    for source, rules in policy.of(HookSenders).by_name.items():
        for own, target in rules.sender.targets.items():
            if not any(fnmatchcase(target, known) for known in policy.targets):
                allowed = ", ".join(f'"{known}"' for known in policy.targets)
                problem = f'"{target}" is not a target; allowed: {allowed} (the names of [targets])'
                yield f"hooks.{source}.targets.{own}: {problem}"


def targets(policy: Policy) -> Iterator[str]:
    """Yield the targets that the sources' own names stand for."""
    return (
        name for rules in policy.of(HookSenders).by_name.values() for name in rules.sender.targets.values()
    )


def teams(policy: Policy) -> Mapping[str, str]:
    """Return the teams of the sources that name one."""
    senders = (rules.sender for rules in policy.of(HookSenders).by_name.values())
    return {sender.name: sender.team for sender in senders if sender.team}


def _by_word(named: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType({word.lower(): name for word, name in named.items()})


def reports_changes(settings: "Settings", policy: Policy) -> bool:
    """Return True if a source that may send can report deployments."""
    return any(
        rules.reports_deployments or rules.format is HookFormat.GITHUB
        for name, rules in policy.of(HookSenders).by_name.items()
        if in_environment(name) in settings.hook_keys
    )


POLICY = PolicyPart(
    table=HookTables, problems=problems, targets=targets, teams=teams, reports_changes=reports_changes
)
