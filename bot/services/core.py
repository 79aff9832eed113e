"""The use cases of the core that others need, and what those of one guild are made from."""

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, cast

from bot.domain.paging import Way
from bot.runbook.model import Policy
from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.email_links import AckLinks
from bot.services.acknowledging.reconciliation import ReadingAhead, Reconciler
from bot.services.alerts.events import AlertEvents
from bot.services.alerts.holding import HeldAlerts
from bot.services.alerts.opening import AlertOpening
from bot.services.alerts.recoveries import Recoveries
from bot.services.delivery.emails import DeliveryEmails
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.deliveries import Bundles
from bot.services.escalation.passing_on import PassingOn
from bot.services.escalation.release import Releasing
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.opening import Incidents
from bot.services.incidents.posts import Reposting
from bot.services.incidents.severity_change import Regrading
from bot.services.paging import OutsideChannels
from bot.services.ports import CodeHost, Discord, DlqStore, EmailSender, EmailWriter, Spool
from bot.services.ports.discord import Reachability
from bot.services.ports.paging import OutsideWriter, Systems
from bot.services.ports.systems import Charts, LiveCheck
from bot.services.shared.access import Access
from bot.services.shared.changes import Changes
from bot.services.shared.fencing import SentDuringOutage
from bot.services.shared.reminder_recipients import ReminderRecipients
from bot.services.shared.roster import OnCall
from bot.services.shared.shown_incidents import ShownIncidents
from bot.services.statistics import Statistics
from bot.services.triage.answers import Triages
from bot.services.triage.clocks import Reevaluations
from bot.services.triage.raising import Raising
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.store import Store

if TYPE_CHECKING:
    from bot.i18n import Texts
    from bot.integrations.github.connection import GitHubConnection


@dataclass(frozen=True, slots=True)
class GuildDependencies:
    """The dependencies of one guild's use cases.

    Attributes:
        store: Sees the rows of this guild only.
        queue: The process's.
        github: The connection to GitHub; None without a token.
        paging: The systems outside Discord that pages go to.
        vitals: Looks at the bot's own database.
        opened: What the capabilities have made of the settings, by their names.
        webhooks: The ids of the webhooks that can send undelivered notifications again, by channel.
    """

    guild_id: int
    store: Store
    dlq: DlqStore
    policy: Policy
    texts: "Texts"
    writer: EmailWriter
    outside_writer: OutsideWriter
    email_sender: EmailSender | None
    charts: Charts
    spool: Spool
    queue: QueueWatch
    vitals: LiveCheck
    public_url: str | None = None
    code_host: CodeHost | None = None
    github: "GitHubConnection | None" = None
    webhooks: Mapping[str, int] = field(default_factory=dict)
    paging: Systems = field(default_factory=dict)
    opened: Mapping[str, object] = field(default_factory=dict)

    @property
    def ways(self) -> frozenset[Way]:
        """Return the ways out of Discord that are set up."""
        return frozenset(self.paging) | (frozenset() if self.email_sender is None else {Way.EMAIL})


class Core:
    """The use cases of the core, of one guild, that its others and those of its capabilities need.

    Attributes:
        store: Sees the rows of this guild only.
        dlq: The table of undelivered notifications.
        reach: Checks that people can be reached on Discord.
        ways: The systems outside Discord that pages go to.
        webhooks: The ids of the webhooks that can post in the channels' place, by channel.
        vitals: Looks at the bot's own database.
        code_host: None if none is set up.
        github: The one connection to GitHub, which counts by token; None without a token.
        opened: What the capability's own `Capability.opens` has made; None without one.
    """

    def __init__(
        self, parts: GuildDependencies, *, discord: Discord, reach: Reachability, oncall: OnCall
    ) -> None:
        self.store = store = parts.store
        self.policy = policy = parts.policy
        self.discord, self.reach, self.oncall = discord, reach, oncall
        self.guild_id = parts.guild_id
        self.dlq = parts.dlq
        self.ways = parts.ways
        self.webhooks = parts.webhooks
        self.texts = parts.texts
        self.code_host = parts.code_host
        self.github = parts.github
        self.charts = parts.charts
        self.vitals = parts.vitals
        self.opened: object = None
        self.access = Access(store, policy, oncall)
        self.changes = Changes(store, policy, self.access)
        self.statistics = Statistics(store, policy, oncall)
        self.recipients = ReminderRecipients(policy, discord, oncall, self.access)
        self.acknowledger = Acknowledger(store, policy, self.access)
        self.reconciler = Reconciler(store, discord, self.acknowledger, self.access)
        self.ahead = ReadingAhead(store, self.reconciler)
        self.sent_during_outage = SentDuringOutage(store)
        self.escalations = Escalations(store, policy, self.ahead, oncall)
        self.passing_on = PassingOn(store, policy, self.access, oncall, self.escalations)
        self.releasing = Releasing(store, discord, policy, self.access, self.passing_on)
        self.incidents = Incidents(store, policy, self.access, self.escalations)
        self.reposting = Reposting(store, policy)
        self.shown_incidents = ShownIncidents(store)
        self.lifecycle = Lifecycle(
            store, discord, policy, self.changes, self.escalations, self.shown_incidents
        )
        self.regrading = Regrading(policy, self.escalations)
        self.recoveries = Recoveries(store, policy, self.lifecycle)
        self.raising = Raising(policy, self.access, self.incidents, self.escalations)
        self.reevaluations = Reevaluations(store, policy, self.access, self.raising)
        self.triages = Triages(store, policy, self.access, self.raising, self.reevaluations)
        self.alert_opening = AlertOpening(policy, self.incidents)
        self.held_alerts = HeldAlerts(policy, self.incidents)
        self.alert_events = AlertEvents(store, policy, self.alert_opening, self.recoveries, self.regrading)
        self.bundles = Bundles(
            store, discord, policy, self.acknowledger, meanwhile=self.sent_during_outage.meanwhile
        )
        self.links = AckLinks(store, discord, self.acknowledger, public_url=parts.public_url)
        self.emails = DeliveryEmails(store, self.links, writer=parts.writer, sender=parts.email_sender)
        self.outside = OutsideChannels(parts.paging, self.emails, self.links, parts.outside_writer)

    @classmethod
    def unreached(cls, parts: GuildDependencies) -> Self:
        """Return the core of a guild for the command line, which connects to a database alone."""
        nobody = cast("Any", None)
        return cls(parts, discord=nobody, reach=nobody, oncall=OnCall(parts.store, parts.policy))

    def given(self, opened: object) -> Self:
        """Return the core as a capability gets it whose `Capability.opens` has made *opened*."""
        own = copy(self)
        own.opened = opened
        return own
