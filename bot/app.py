"""The composition root: settings -> pools -> stores -> use cases -> client -> jobs, ticks, health."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

import asyncpg
import discord
import structlog
import uvloop

from bot.client import IncidentBot, use_api_base
from bot.code_hosts import CodeHosts, open_code_hosts
from bot.database import OwnDatabase, closing, dlq_address, own_database
from bot.domain.errors import UpstreamUnavailable
from bot.domain.shards import IDENTIFY_WINDOW_S, IdentifyBudget, Instance
from bot.i18n import Texts
from bot.integrations.calendars import WorkerCalendars
from bot.integrations.charts.process import WorkerCharts
from bot.integrations.templates import WorkerTemplates
from bot.integrations.webhooks import HttpWebhooks
from bot.job_handlers import handlers, routed
from bot.outbound import Outbound, outbound_of
from bot.process.gateway_watch import DeafWatch
from bot.process.keeper import ShardKeeper
from bot.process.life import Life
from bot.process.login import AWAY, log_in
from bot.process.starting import Prepare, prepare_later, prepared_at_start, try_once, until_done
from bot.runbook import Policy, Served, load_served
from bot.services.ports import EmailSender, JobName, Leases
from bot.services.ports.charts import Charts
from bot.services.registry import Guilds
from bot.services.shared.roster import OnCall
from bot.services.watchdogs.auditor import audit
from bot.services.watchdogs.dead_man import DeadMan
from bot.services.watchdogs.queue_watch import QueueWatch
from bot.settings import DISCORD_API, Settings
from bot.storage.database.leases import PostgresLeases, open_lease_pool
from bot.storage.database.pools import Connections, open_dlq_pool, open_pool, process_id
from bot.storage.dlq.store import PostgresDlqStore
from bot.storage.figures import Figures, read_figures
from bot.storage.queue.fairness import Handler, Turns
from bot.storage.queue.runner import CONCURRENT, JobRunner
from bot.storage.spool import FileSpool
from bot.storage.store import PostgresStore
from bot.ui.discord_api.circuit import Circuit
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.gate import Gate
from bot.ui.discord_api.notifier import DiscordNotifier
from bot.ui.discord_api.reaching import Reaching
from bot.ui.documents.writer import TemplateWriter
from bot.ui.posts.digest_charts import DigestCharts
from bot.ui.posts.exports import MarkdownExportWriter
from bot.ui.posts.paging.emails import PlainEmailWriter
from bot.wiring import GuildDependencies, Outward, UseCases, wire

log = structlog.get_logger(__name__)

#: Puts the use cases of one guild together.
Assemble: TypeAlias = Callable[[GuildDependencies, Outward, OnCall], UseCases]


def run(settings: Settings, *, migrate: bool = True, assemble: Assemble = wire) -> None:
    """Run the bot until SIGTERM or SIGINT; from the main thread.

    Args:
        settings: With a token, and a guild unless its policies name theirs.
        migrate: Apply pending migrations first; otherwise they are an error.
        assemble: A build for tests puts something between the use cases and their parts here.

    Raises:
        ConfigError: the set-up is wrong: policy, token, intents, database.
    """
    served = load_served(settings.runbook_file, home=settings.discord_guild_id)
    with own_database(settings) as database:
        is_prepared = prepared_at_start(
            database, guilds=served.policies, data_dir=settings.data_dir, migrate=migrate
        )
        bring_up = None if is_prepared else prepare_later(database, migrate=migrate)
        uvloop.run(_live(settings, served, database, assemble, bring_up=bring_up))


async def _live(
    settings: Settings, served: Served, database: OwnDatabase, assemble: Assemble, *, bring_up: Prepare | None
) -> None:
    async with AsyncExitStack() as stack:
        connections = Connections(settings.database_connections)
        shared = await stack.enter_async_context(
            open_shared(settings, served, database.dsn, connections=0, most=connections.own)
        )
        circuit, gate = Circuit(), Gate()
        client, cases = make_client(settings, shared, circuit, gate, assemble=assemble)
        for one in cases.values():
            one.services.emergency.load()
        runner = _runner(database, shared, cases, connections=connections.queue)
        prepare = _preparation(shared, cases, bring_up)
        is_prepared = bring_up is None and await try_once(prepare)
        lease_pool = await open_lease_pool(database.dsn, min_size=0)
        await stack.enter_async_context(closing(lease_pool))
        keeper, deaf = make_keeper(settings, client, PostgresLeases(lease_pool), gate), DeafWatch(client)
        if settings.health_port is not None:
            # Its server and its figures are three megabytes, which a bot without a port does not need.
            from bot.process.vitals import Vitals, serving  # noqa: PLC0415

            emergencies = [one.services.emergency for one in cases.values()]
            figures = partial(_counted, shared.pool, asyncio.Lock())
            vitals = Vitals(client, shared.store, runner, keeper, figures, circuit, emergencies, deaf)
            await stack.enter_async_context(serving(settings, vitals, cases, served, shared.texts))
        life = Life(
            client,
            partial(audit, shared.store),
            runner,
            keeper,
            shared.dlq,
            can_email=shared.email_sender is not None,
            keep_up=lambda: database.keep_up(shared.store),
            warm=shared.store.warm,
            circuit=circuit,
            deaf=deaf,
            dead_man=make_dead_man(settings, shared),
            prepare=None if is_prepared else partial(until_done, prepare),
        )
        await life.run(settings.token)


def _runner(
    database: OwnDatabase, shared: "SharedResources", cases: Mapping[int, UseCases], *, connections: int
) -> JobRunner:
    """Return the queue's runner, with the handlers of every guild."""
    by_guild = _shared({guild_id: handlers(one) for guild_id, one in cases.items()})
    return JobRunner(
        database.dsn,
        routed(by_guild, shared.store),
        by_guild=by_guild,
        on_refusal=shared.store.refused,
        watch=shared.queue,
        connections=connections,
    )


def _preparation(
    shared: "SharedResources", cases: Mapping[int, UseCases], bring_up: Prepare | None
) -> Prepare:
    """Bring the database up, if need be, and make every guild known to it."""

    async def prepare() -> None:
        if bring_up is not None:
            await bring_up()
        for guild_id, one in cases.items():
            await shared.store.register_guild(guild_id)
            await one.services.handovers.begin(guild_id)
            await one.action_issues.begin(guild_id)

    return prepare


async def _counted(pool: asyncpg.Pool, one_at_a_time: asyncio.Lock) -> Figures:
    """Count the figures, which may take a moment, on no more than one of the connections."""
    async with one_at_a_time:
        return await read_figures(pool)


def _shared(each: dict[int, dict[JobName, Handler]]) -> dict[int, dict[JobName, Handler]]:
    """Several guilds share the process's hands; one alone has them all."""
    if len(each) == 1:
        return each
    turns = Turns(hands=CONCURRENT * 3 // 4)
    return {guild_id: turns.shared(guild_id, own) for guild_id, own in each.items()}


@asynccontextmanager
async def connected_client(settings: Settings, served: Served) -> AsyncIterator[IncidentBot]:
    """Yield the client with its commands, logged in for REST: without gateway or database connection.

    Raises:
        ConfigError: Discord does not know the token. UpstreamUnavailable: it is away.
    """
    dsn = "postgresql:///" if settings.database_url is None else settings.database_url.get_secret_value()
    async with open_shared(settings, served, dsn, connections=0) as shared:
        client, _ = make_client(settings, shared, Circuit(), Gate())
        async with client:
            try:
                await log_in(client, settings.token)
            except AWAY as error:
                raise UpstreamUnavailable(f"no login: {type(error).__name__}") from error
            yield client


@dataclass(frozen=True, slots=True)
class SharedResources:
    """The parts that all guilds share: the pools behind the stores, outgoing email, the texts.

    Attributes:
        store: Sees the rows of every guild; `parts` gives one guild its own view.
        pool: Of our own database.
        dlq_pool: Of the database that holds the failed notifications.
        queue: Watches that the job queue does its work.
        webhooks: Of the channels that have one.
        outbound: The client for other systems outside.
    """

    served: Served
    store: PostgresStore
    pool: asyncpg.Pool
    dlq_pool: asyncpg.Pool
    texts: Texts
    email_sender: EmailSender | None
    data_dir: Path
    public_url: str | None
    queue: QueueWatch
    charts: Charts
    code_hosts: CodeHosts
    webhooks: HttpWebhooks
    outbound: Outbound

    @property
    def dlq(self) -> PostgresDlqStore:
        """Return the failed notifications, in the table that the home guild's policy names."""
        return self._dlq(self.served.home_policy)

    def parts(self, guild_id: int) -> GuildDependencies:
        """Return the dependencies of one guild's use cases."""
        policy = self.served.policies[guild_id]
        return GuildDependencies(
            guild_id=guild_id,
            store=self.store.of(guild_id),
            dlq=self._dlq(policy),
            policy=policy,
            texts=self.texts,
            writer=PlainEmailWriter(self.texts, policy),
            export_writer=MarkdownExportWriter(self.texts, policy),
            email_sender=self.email_sender,
            calendars=WorkerCalendars(policy.timezone.key),
            charts=self.charts,
            postmortem_writer=TemplateWriter(self.texts, policy, WorkerTemplates()),
            digest_pictures=DigestCharts(self.charts, texts=self.texts, policy=policy),
            spool=FileSpool(self.data_dir, guild_id),
            queue=self.queue,
            public_url=self.public_url,
            code_host=self.code_hosts(policy),
            webhooks=self.webhooks.ids,
        )

    def _dlq(self, policy: Policy) -> PostgresDlqStore:
        return PostgresDlqStore(self.dlq_pool, policy.dlq.table)


@asynccontextmanager
async def open_shared(
    settings: Settings, served: Served, dsn: str, *, connections: int = 1, most: int = 4
) -> AsyncIterator[SharedResources]:
    """Open the pools behind the stores, and close them after the block.

    Args:
        connections: Opened at once to our own database; with 0 it is not asked yet.
        most: How many it may be.

    Raises:
        StorageUnavailable: our own database is away. The DLQ's may be.
    """
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(
            closing(await open_pool(dsn, min_size=connections, max_size=most))
        )
        other = dlq_address(settings)
        dlq_pool = (
            pool if other is None else await stack.enter_async_context(closing(await open_dlq_pool(other)))
        )
        yield SharedResources(
            served,
            PostgresStore(pool, is_shared=len(served.policies) > 1),
            pool,
            dlq_pool,
            Texts.load(),
            make_email_sender(settings),
            data_dir=settings.data_dir,
            public_url=settings.public_url,
            queue=QueueWatch(),
            charts=WorkerCharts(settings.data_dir / "matplotlib"),
            code_hosts=await stack.enter_async_context(open_code_hosts(settings)),
            webhooks=make_webhooks(settings),
            outbound=outbound_of(settings),
        )


def make_webhooks(settings: Settings) -> HttpWebhooks:
    """Return the channels' webhooks, asked at the address of Discord's API."""
    base = settings.discord_api_base
    return HttpWebhooks(settings.webhooks, api_base=base, proxy=settings.proxy_for(base))


def make_email_sender(settings: Settings) -> EmailSender | None:
    """Return the way out by email, or None."""
    if settings.smtp is None:
        return None
    # Its SMTP client is nothing that a bot without email needs.
    from bot.integrations.mail import SmtpEmailSender  # noqa: PLC0415

    return SmtpEmailSender(settings.smtp)


def make_dead_man(settings: Settings, shared: SharedResources) -> DeadMan | None:
    """Build the dead man's switch that reports to HEARTBEAT_URL; None when that is not set."""
    if settings.heartbeat_url is None:
        return None
    # Its HTTP client is three megabytes, and a twentieth of a start, which most bots do not need.
    from bot.integrations.heartbeat import HttpHeartbeat  # noqa: PLC0415

    url = settings.heartbeat_url.get_secret_value()
    return DeadMan(shared.store, HttpHeartbeat(url, settings.proxy_for(url)), shared.queue)


def make_keeper(settings: Settings, client: IncidentBot, leases: Leases, gate: Gate) -> ShardKeeper:
    """Build the keeper of the gateway's shards, under a name that no other process has ever had."""
    # A local Discord has no window between two IDENTIFYs unless it is started with --strict, which it says.
    window_s = IDENTIFY_WINDOW_S if settings.discord_api_base == DISCORD_API else 0.0
    me = Instance(process_id(), socket.gethostname(), version("incident-bot"), settings.shards or 1)
    budget = IdentifyBudget(window_s=window_s)
    return ShardKeeper(client, leases, me, shards=settings.shards, budget=budget, share=gate.share)


def make_client(
    settings: Settings, shared: SharedResources, circuit: Circuit, gate: Gate, *, assemble: Assemble = wire
) -> tuple[IncidentBot, dict[int, UseCases]]:
    """Make the client and the use cases by guild, which need each other; nothing is connected yet.

    Args:
        circuit, gate: One of each for all guilds: Discord is away for the process, and counts by token.
    """
    if settings.discord_api_base != DISCORD_API:
        use_api_base(settings.discord_api_base)
    made: dict[int, UseCases] = {}

    def guilds(client: discord.Client) -> Guilds:
        rest = Rest(client, circuit=circuit, gate=gate)
        for guild_id, policy in shared.served.policies.items():
            parts = shared.parts(guild_id)
            oncall = OnCall(parts.store, policy)
            standing, last_standing = oncall.standing, oncall.last_standing
            notifier = DiscordNotifier(
                client,
                texts=shared.texts,
                policy=policy,
                circuit=circuit,
                gate=gate,
                standing=standing,
                webhooks=shared.webhooks,
            )
            reach = Reaching(client, policy, mails=shared.email_sender is not None, rest=rest)
            outward = Outward(notifier, notifier.siren(last_standing), reach)
            made[guild_id] = assemble(parts, outward, oncall)
        served = {guild_id: cases.services for guild_id, cases in made.items()}
        return Guilds(served, home=shared.served.home, find=shared.store)

    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # the bot does not use voice
    client = IncidentBot(
        texts=shared.texts,
        guilds=guilds,
        reads_messages=settings.message_content,
        hears_voice=any(policy.timeline.voice_channels for policy in shared.served.policies.values()),
        proxy=settings.proxy_for(settings.discord_api_base),
    )
    client.echoes = circuit.echoes
    return client, made
