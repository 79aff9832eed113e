"""All use cases of one guild: those that people ask for, and those that the bot runs by itself."""

from dataclasses import dataclass
from functools import partial

from bot.services.acknowledging.email_links import AckLinks
from bot.services.delivery.arrivals import Arrivals
from bot.services.delivery.deliveries import Deliveries
from bot.services.delivery.email_backup import EmailBackup
from bot.services.delivery.failures import Failures
from bot.services.escalation.sweeps import Sweeps
from bot.services.incidents.refreshing import RefreshFollowUps, Refreshing
from bot.services.outage.alarm import Alarm
from bot.services.outage.emergency import Emergency
from bot.services.outage.logbook import Logbook
from bot.services.outage.messenger import OutageChannels
from bot.services.outage.mirror import Mirror
from bot.services.outage.recording import JournalRecorder, RecordingUseCases
from bot.services.paging import OutsideSending, PageSync, SendingByKind
from bot.services.ports import OfflineAlerter
from bot.services.ports.paging import synced_systems
from bot.services.privacy import Redactions
from bot.services.registry import Services
from bot.services.running_triages.posts import TriagePosts
from bot.services.shared.roster import OnCall
from bot.wiring.delivery_kinds import delivery_kinds
from bot.wiring.dependencies import DiscordPorts, GuildDependencies
from bot.wiring.services import built_capabilities, services_of
from bot.wiring.shared import Shared


@dataclass(frozen=True, slots=True)
class UseCases:
    """The use cases: those that people ask for (`services`), and those that the bot runs by itself."""

    services: Services
    sweeps: Sweeps
    deliveries: Deliveries
    refreshing: Refreshing
    triage_posts: TriagePosts
    failures: Failures
    email_backup: EmailBackup
    links: AckLinks
    page_sync: PageSync


def wire(parts: GuildDependencies, ports: DiscordPorts, oncall: OnCall) -> UseCases:
    """Return every use case of one guild, each given only what it needs."""
    discord, shared = ports.discord, Shared(parts, ports.discord, ports.reach, oncall)
    store, policy, told = shared.store, shared.policy, shared.already_told
    links, emails = shared.links, shared.emails
    sending = SendingByKind(discord, OutsideSending(store, oncall, shared.outside))
    built = built_capabilities(shared, parts)
    kinds = delivery_kinds(shared, built)
    emergency = _emergency(shared, parts, ports.offline_alerter, Arrivals(policy, kinds))
    email_backup = EmailBackup(store, policy, oncall, kinds, emails)
    redactions = Redactions(store, discord, policy)
    services = services_of(shared, parts, emergency, built)
    shown = [partial(one.shown, built.get(one.name)) for one in policy.capabilities if one.shown is not None]
    edits = [partial(one.edits, built.get(one.name)) for one in policy.capabilities if one.edits is not None]
    follow_ups = RefreshFollowUps(shown, edits, redactions.empty)
    return UseCases(
        services=services,
        sweeps=Sweeps(
            store, policy, shared.ahead, shared.escalations, oncall, already_told=told, queue=parts.queue
        ),
        deliveries=Deliveries(store, sending, policy, kinds, told),
        refreshing=Refreshing(store, discord, shared.shown_incidents, shared.reposting, follow_ups),
        triage_posts=TriagePosts(store, discord),
        failures=Failures(store, parts.dlq, policy, emails=email_backup, draft=sending.draft),
        email_backup=email_backup,
        links=links,
        page_sync=PageSync(store, discord, shared.acknowledger, oncall, systems=synced_systems(parts.paging)),
    )


def _emergency(
    shared: Shared, parts: GuildDependencies, offline_alerter: OfflineAlerter, arrivals: Arrivals
) -> Emergency:
    """Return the use case that goes on without a database and records it later."""
    store, policy, discord, access = shared.store, shared.policy, shared.discord, shared.access
    told = shared.already_told
    channels = OutageChannels(
        offline_alerter, Logbook(parts.spool), parts.email_sender, told.meanwhile, told.begun
    )
    recording = RecordingUseCases(shared.incidents, shared.escalations, shared.acknowledger, arrivals)
    return Emergency(
        store,
        policy,
        Mirror(store, policy, channels.book, guild_id=parts.guild_id),
        alarm=Alarm(discord, policy, access, shared.oncall, channels),
        recorder=JournalRecorder(store, discord, policy, access, recording),
        queue=parts.queue,
    )
