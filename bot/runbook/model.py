"""The policy as a frozen value. What each key of the file means: docs/runbook-file.md."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.alerts.alert import AlertPart
from bot.domain.alerts.recognition import Pattern, Shape, Unknown
from bot.domain.alerts.rules import AlertRule
from bot.domain.alerts.titles import TitleShapes
from bot.domain.alerts.windows import WindowRules
from bot.domain.calendar.business_time import BusinessHours
from bot.domain.dlq.table import DlqTable
from bot.domain.drill import Script
from bot.domain.escalation.ack_deadline import ack_deadline, moment_after
from bot.domain.hooks.hook import HookRules
from bot.domain.incident.checklist import Checklist
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.oncall.rotation import Layer
from bot.domain.postmortem.owing import Terms
from bot.domain.postmortem.template import TeamTemplate
from bot.domain.probes.rules import ProbeRules
from bot.domain.severity import Deadline, Mention, SeverityPolicy
from bot.domain.sheets.sheet import Affected, FilledSheet, Sheet, TargetValues, fill, fitting
from bot.domain.systems.rules import CheckRules
from bot.domain.triage.tree import Text, Tree
from bot.runbook.tables import (
    ActionRules,
    DigestSchedule,
    FigureRules,
    FirstResponse,
    GitHubRules,
    MorningTriage,
    Postmortem,
    Private,
    Reevaluate,
    Storm,
    SuspectRules,
    TimelineRules,
    UnfinishedTriage,
)


@dataclass(frozen=True, slots=True)
class OnCallPlace:
    """A place in the on-call order, and its holders.

    Attributes:
        name: "primary".
        discord: The holder when no layer names one: user id in digits, or username without "@".
        email: Their address; None when they have none.
        called: What the team calls them; None for their `discord`.
        ntfy, pushover: Where their phone is reached; None where not.
        layers: The rotations, later layers over earlier ones; their people are handles.
    """

    name: str
    discord: str
    email: str | None
    called: str | None = None
    layers: tuple[Layer, ...] = ()
    ntfy: str | None = field(default=None, repr=False)
    pushover: str | None = field(default=None, repr=False)

    @property
    def person(self) -> OnCallPerson:
        """Return the holder of the place when no layer names one."""
        return OnCallPerson(
            self.discord,
            self.called or self.discord,
            self.email,
            id_of(self.discord),
            ntfy=self.ntfy,
            pushover=self.pushover,
        )


@dataclass(frozen=True, slots=True)
class Handover:
    """How the people on call learn of their turn.

    Attributes:
        channel: Where handovers are posted; None for nowhere.
        check_before: How long before a shift its person is notified and checked; None for never.
    """

    channel: str | None
    check_before: timedelta | None


@dataclass(frozen=True, slots=True)
class Permissions:
    """Role names or ids per action; empty admits everyone, and `private` is never empty."""

    triage: tuple[str, ...]
    acknowledge: tuple[str, ...]
    severity: tuple[str, ...]
    private: tuple[str, ...]
    drill: tuple[str, ...]
    actions: tuple[str, ...]
    oncall: tuple[str, ...]
    digest: tuple[str, ...]
    dlq: tuple[str, ...]
    replay: tuple[str, ...]
    load: tuple[str, ...]
    mute: tuple[str, ...]
    replay_mentions: tuple[str, ...]
    audit: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DlqRules:
    """The rules for undelivered notifications.

    Attributes:
        table: Where they are kept, by the names of its owner.
        export_at_most: How many entries one file has at most.
        replay_at_most: How many entries a filter may match to be replayed at once.
        replay_per_minute: The rate at which they are sent.
        watch: New failures of the highest severity are announced in its channel.
        watch_mention: Whom that announcement mentions.
    """

    table: DlqTable
    export_at_most: int
    replay_at_most: int
    replay_per_minute: int
    watch: bool
    watch_mention: Mention


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The rules for tracking messages as alerts.

    Attributes:
        watch: Channel (name or id) -> name of the severity that its alerts have.
        bots: Ids or usernames of the bots whose messages count, besides webhooks.
        same_within: How long a repetition counts as the same alert.
        fingerprint: The parts by which two alerts are the same.
        rings: The bot's own post pings like its severity's; the monitor's message was there before it.
        unknown: Channel as in `watch` -> the treatment of a message that no pattern matches.
        unread: The same for a message without text; without the message content intent all are. It may be an
            alert, so it is tracked unless the file says otherwise.
        closes: A recovery ends an unacknowledged alert; if False, it is only noted.
        ignore: Senders whose messages are never alerts.
        patterns: Patterns of monitors' messages, in the order in which they are tried.
        names: Titles that only name their sender.
        shapes: Lines of a message that its alert's title is made of.
        rules: About single alerts; the first one that fits decides.
        windows: About maintenance windows.
    """

    watch: Mapping[str, str]
    bots: tuple[str, ...]
    same_within: timedelta
    fingerprint: tuple[AlertPart, ...]
    rings: bool
    unknown: Mapping[str, Unknown]
    unread: Mapping[str, Unknown]
    closes: bool
    ignore: tuple[Shape, ...]
    patterns: tuple[Pattern, ...]
    names: tuple[str, ...]
    shapes: TitleShapes
    rules: tuple[AlertRule, ...]
    windows: WindowRules


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything a team decides. Mappings keep the file's order and cannot be changed.

    Attributes:
        language: "ja" or "en": what the bot posts for all.
        removing_ack_releases: A responder who removes their 👀 lets go of the incident.
        severities: By name, highest first; at least one.
        targets, symptoms: What `/triage` offers; at most 25 each. Symptoms by id.
        oncall: By place name, in the order they are asked; at least one.
        morning_triage: None for no morning triage.
        team: Every person that the file names, by handle.
        handover: How the people on call learn of their turn.
        archive_after: How long the thread of an ended incident stays awake.
        drill: What `/drill start` plays.
        first_response: By severity name; every severity has an entry.
        sheets: The command sheets by topic.
        target_values: What fills them in.
        hooks: By the name of the source.
        checks: The systems whose state is looked at.
        probes: The targets that are asked all the time, by the name of the probe.
        guild_id: The server it is for; None in a file that leaves it to DISCORD_GUILD_ID.
        sees_dlq: Its people may read the DLQ at all; `permissions` says which of them.
        names_dlq: The file itself says who may read the DLQ, instead of leaving it to the default.
        names_dlq_table: The file itself says how the DLQ's table is made.
        template: The team's own of a postmortem; None: the one that comes with the bot.
    """

    timezone: ZoneInfo
    language: str
    ack_emoji: str
    removing_ack_releases: bool
    severities: Mapping[str, SeverityPolicy]
    tree: Tree
    targets: tuple[str, ...]
    symptoms: Mapping[str, Text]
    oncall: Mapping[str, OnCallPlace]
    team: Mapping[str, OnCallPerson]
    handover: Handover
    business_hours: BusinessHours
    first_response: Mapping[str, FirstResponse]
    sheets: Mapping[str, Sheet]
    target_values: TargetValues
    reevaluate: Reevaluate
    unfinished: UnfinishedTriage
    morning_triage: MorningTriage | None
    digest: DigestSchedule
    figures: FigureRules
    permissions: Permissions
    postmortem: Postmortem
    archive_after: timedelta
    private: Private
    drill: Script
    timeline: TimelineRules
    alerts: AlertRules
    hooks: Mapping[str, HookRules]
    checks: CheckRules
    probes: Mapping[str, ProbeRules]
    storm: Storm
    actions: ActionRules
    github: GitHubRules
    dlq: DlqRules
    suspects: SuspectRules
    guild_id: int | None = None
    sees_dlq: bool = True
    names_dlq: bool = False
    names_dlq_table: bool = False
    template: TeamTemplate | None = None

    @property
    def most_severe(self) -> SeverityPolicy:
        """Return the highest severity, which comes first in the file."""
        return next(iter(self.severities.values()))

    def rules(self, severity: str) -> SeverityPolicy:
        """Return the rules of a stored severity, or the highest severity's if the file no longer has it.

        A renamed severity must not silence the incidents that were opened under its old name.
        """
        return self.severities.get(severity, self.most_severe)

    def checklist(self, severity: str) -> Checklist:
        """Return the steps of a severity's first-response sheet; none if the file no longer has it."""
        return Checklist(severity, self.first_response.get(severity, FirstResponse()).steps)

    def sheets_for(self, severity: str, affected: Affected) -> tuple[FilledSheet, ...]:
        """Return the command sheets of a severity for what is affected, the most fitting first."""
        topics = self.first_response.get(severity, FirstResponse()).sheets
        found = fitting((self.sheets[topic] for topic in topics), affected)
        filled = (fill(sheet, self.target_values, affected) for sheet in found)
        return tuple(sheet for sheet in filled if sheet.commands)

    def rollback_step(self, severity: str) -> int:
        """Return the number of the step that a decision on a rollback ticks, from 1; 0 for none."""
        return self.first_response.get(severity, FirstResponse()).rollback_step

    def ack_due(self, severity: SeverityPolicy, *, at: datetime) -> datetime:
        """Return `ack_deadline` by the team's business hours."""
        return ack_deadline(severity, self.business_hours, at=at)

    def update_due(self, severity: SeverityPolicy, *, at: datetime) -> datetime | None:
        """Return when the next status update is due after *at* (aware), aware; None for never."""
        return None if severity.update_every is None else self.due(severity.update_every, at=at)

    def due(self, deadline: Deadline, *, at: datetime, times: int = 1) -> datetime:
        """Return `moment_after` by the team's business hours."""
        return moment_after(at, deadline, self.business_hours, times=times)

    def postmortem_terms(self, severity: SeverityPolicy) -> Terms:
        """Return what the policy says of the postmortem of an incident of *severity*."""
        return Terms(severity.postmortem, self.postmortem.due, self.business_hours)

    def channels(self) -> tuple[str, ...]:
        """Return every channel that the bot posts to, each once, in order of first use."""
        used = [
            channel
            for severity in self.severities.values()
            for channel in (severity.channel, severity.thread_channel)
            if channel
        ]
        others = [
            self.reevaluate.channel,
            self.unfinished.channel,
            self.private.channel,
            self.digest.channel,
            self.handover.channel,
            self.alerts.windows.channel,
        ]
        if self.morning_triage is not None:
            others.append(self.morning_triage.channel)
        return tuple(dict.fromkeys([*used, *(channel for channel in others if channel)]))
