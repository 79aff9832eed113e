"""The use cases of one guild that those of several capabilities need."""

from typing import Any, cast

from bot.services.acknowledging.acknowledge import Acknowledger
from bot.services.acknowledging.email_links import AckLinks
from bot.services.acknowledging.reading_ahead import ReadingAhead
from bot.services.acknowledging.reconciliation import Reconciler
from bot.services.alerts.events import AlertEvents
from bot.services.alerts.opening import AlertOpening
from bot.services.alerts.recoveries import Recoveries
from bot.services.core import Core
from bot.services.delivery.emails import DeliveryEmails
from bot.services.escalation.bundles import Bundles
from bot.services.escalation.decisions import Escalations
from bot.services.escalation.passing_on import PassingOn
from bot.services.escalation.release import Releasing
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.opening import Incidents
from bot.services.incidents.reposting import Reposting
from bot.services.incidents.severity_change import Regrading
from bot.services.paging import OutsideChannels
from bot.services.ports import Discord
from bot.services.ports.oncall import Reachability
from bot.services.shared.access import Access
from bot.services.shared.already_told import AlreadyTold
from bot.services.shared.changes import Changes
from bot.services.shared.reminder_recipients import ReminderRecipients
from bot.services.shared.roster import OnCall
from bot.services.shared.shown_incidents import ShownIncidents
from bot.services.statistics import Statistics
from bot.wiring.dependencies import GuildDependencies


class Shared:
    """The use cases of one guild that those of several capabilities need."""

    def __init__(
        self, parts: GuildDependencies, discord: Discord, reach: Reachability, oncall: OnCall
    ) -> None:
        store, policy = parts.store, parts.policy
        self.store, self.policy, self.discord, self.oncall = store, policy, discord, oncall
        self.access = Access(store, policy, oncall)
        self.changes = Changes(store, policy, self.access)
        self.statistics = Statistics(store, policy, oncall)
        self.recipients = ReminderRecipients(discord, oncall, self.access)
        self.acknowledger = Acknowledger(store, policy, self.access)
        self.reconciler = Reconciler(store, discord, self.acknowledger, self.access)
        self.ahead = ReadingAhead(store, self.reconciler)
        self.already_told = AlreadyTold(store)
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
        self.alert_opening = AlertOpening(policy, self.incidents)
        self.alert_events = AlertEvents(store, policy, self.alert_opening, self.recoveries, self.regrading)
        self.core = Core(
            guild_id=parts.guild_id,
            store=store,
            dlq=parts.dlq,
            policy=policy,
            discord=discord,
            access=self.access,
            changes=self.changes,
            oncall=oncall,
            reach=reach,
            ways=parts.ways,
            incidents=self.incidents,
            lifecycle=self.lifecycle,
            reposting=self.reposting,
            webhooks=parts.webhooks,
            recipients=self.recipients,
            texts=parts.texts,
            code_host=parts.code_host,
            github=parts.github,
            statistics=self.statistics,
            charts=parts.charts,
            alert_events=self.alert_events,
            vitals=parts.vitals,
        )
        self.bundles = Bundles(
            store, discord, policy, self.acknowledger, meanwhile=self.already_told.meanwhile
        )
        self.links = AckLinks(store, discord, self.acknowledger, public_url=parts.public_url)
        self.emails = DeliveryEmails(store, self.links, writer=parts.writer, sender=parts.email_sender)
        self.outside = OutsideChannels(parts.paging, self.emails, self.links, parts.outside_writer)


def unreached_core(parts: GuildDependencies) -> Core:
    """Return the core of a guild for the command line, which connects to a database alone."""
    unreached = cast("Any", None)
    return Shared(parts, unreached, unreached, OnCall(parts.store, parts.policy)).core
