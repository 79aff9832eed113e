"""The composition root: settings -> pools -> stores -> use cases -> client -> jobs, ticks, health."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Final, Protocol

import discord
import uvloop

from bot.capability import ProcessCounter, PublicRoutes, installed
from bot.client import IncidentBot, use_api_base
from bot.database import OwnDatabase, closing, own_database
from bot.domain.errors import UpstreamUnavailable
from bot.domain.shards import IDENTIFY_WINDOW_S, IdentifyBudget, Instance
from bot.job_handlers import handlers, routed
from bot.process.keeper import DeafWatch, ShardKeeper
from bot.process.running import RunningBot
from bot.process.starting import AWAY, Prepare, log_in, prepare_later, prepared_at_start, try_once, until_done
from bot.resources import SharedResources, open_shared, switched_off
from bot.runbook import Served, load_served
from bot.services.ports import Discord, OfflineAlerter
from bot.services.ports.discord import Reachability
from bot.services.registry import Guilds, Services
from bot.services.shared.roster import OnCall
from bot.services.watchdogs import DeadMan, audit
from bot.settings import Settings
from bot.settings.values import DISCORD_API
from bot.storage.database.leases import Leases, open_lease_pool
from bot.storage.database.pools import Connections, process_id
from bot.storage.queue.fairness import Turns
from bot.storage.queue.runner import CONCURRENT, JobRunner
from bot.storage.tables.alerts import AlertDecisionRows, forget_alert_events
from bot.storage.tables.installation import GuildFinder, InstallationRows, ReportedChanges
from bot.storage.tables.statistics import Figures, read_figures
from bot.ui.discord_api.circuit import Circuit
from bot.ui.discord_api.client import Rest
from bot.ui.discord_api.gate import Gate
from bot.ui.discord_api.notifier import DiscordNotifier
from bot.ui.discord_api.places import DiscordReachability
from bot.wiring import GuildDependencies, UseCases, wire

#: How many thousands of old rows are deleted at a time, at most.
_MOST_FORGOTTEN: Final = 50


class Assemble(Protocol):
    """Puts the use cases of one guild together, as `wire` does."""

    def __call__(
        self,
        parts: GuildDependencies,
        oncall: OnCall,
        *,
        discord: Discord,
        offline_alerter: OfflineAlerter,
        reach: Reachability,
    ) -> UseCases: ...


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
        keeper, deaf = make_keeper(settings, client, Leases(lease_pool), gate), DeafWatch(client)
        counters = await _serve_capabilities(stack, settings, shared, cases)
        if settings.health_port is not None:
            # Its server and its figures are three megabytes, which a bot without a port does not need.
            from bot.process.health import Vitals, serving  # noqa: PLC0415

            emergencies = [one.services.emergency for one in cases.values()]
            figures = partial(_counted, shared, asyncio.Lock())
            vitals = Vitals(
                client, shared.store, runner, keeper, figures, circuit, emergencies, deaf, counters
            )
            await stack.enter_async_context(serving(settings, vitals, cases, served, shared.texts))
        running = RunningBot(
            client,
            partial(audit, shared.store),
            runner,
            keeper,
            shared.dlq,
            can_email=shared.email_sender is not None,
            keep_up=lambda: database.keep_up(shared.store),
            warm=shared.store.warm,
            tidy=partial(_tidy, shared),
            circuit=circuit,
            deaf=deaf,
            dead_man=make_dead_man(settings, shared),
            prepare=None if is_prepared else partial(until_done, prepare),
        )
        await running.run(settings.token)


async def _serve_capabilities(
    stack: AsyncExitStack, settings: Settings, shared: SharedResources, cases: Mapping[int, UseCases]
) -> list[ProcessCounter]:
    """Open the public port if it is set and a capability has routes for it; return what they count."""
    if settings.hooks_port is None:
        return []
    parts: list[PublicRoutes] = []
    for one in installed():
        guilds = {
            guild_id: each.services
            for guild_id, each in cases.items()
            if one in each.services.policy.capabilities
        }
        if one.routes is not None and guilds:
            serving = one.routes(settings, shared.store, guilds)
            parts += () if serving is None else [await stack.enter_async_context(serving)]
    if parts:
        from bot.integrations.public_server import serve_public  # noqa: PLC0415 -- see `Capability.routes`

        host, port = settings.hooks_host, settings.hooks_port
        await stack.enter_async_context(serve_public(parts, host=host, port=port))
    return [counter for part in parts for counter in part.counters]


def _runner(
    database: OwnDatabase, shared: SharedResources, cases: Mapping[int, UseCases], *, connections: int
) -> JobRunner:
    """Return the queue's runner, with the handlers of every guild."""
    by_guild = {guild_id: handlers(one) for guild_id, one in cases.items()}
    if len(by_guild) > 1:  # they share the process's workers; a single guild may use all of them
        turns = Turns(hands=CONCURRENT * 3 // 4)
        by_guild = {guild_id: turns.shared(guild_id, own) for guild_id, own in by_guild.items()}
    return JobRunner(
        database.dsn,
        routed(by_guild, GuildFinder(shared.store.sql)),
        by_guild=by_guild,
        on_refusal=shared.store.refused,
        watch=shared.queue,
        connections=connections,
    )


async def begin_capabilities(services: Services) -> None:
    """Let the capabilities that the guild has switched on begin."""
    for capability in services.policy.capabilities:
        if capability.begin is not None:
            await capability.begin(services.built[capability.name])


def _preparation(shared: SharedResources, cases: Mapping[int, UseCases], bring_up: Prepare | None) -> Prepare:
    """Bring the database up, if need be, and make every guild known to it."""

    async def prepare() -> None:
        if bring_up is not None:
            await bring_up()
        for guild_id, one in cases.items():
            await InstallationRows(shared.store.sql).register_guild(guild_id)
            await begin_capabilities(one.services)

    return prepare


async def _counted(shared: SharedResources, one_at_a_time: asyncio.Lock) -> Figures:
    """Count the figures, which may take a moment, on no more than one of the connections."""
    async with one_at_a_time:
        return await read_figures(shared.pool, switched_off(shared.served.policies))


async def _tidy(shared: SharedResources) -> None:
    """Delete rows that are too old to be of use."""
    sql = shared.store.sql
    for forget in (partial(forget_alert_events, sql), ReportedChanges(sql).forget):
        for _ in range(_MOST_FORGOTTEN):
            if await forget() == 0:
                break  # otherwise more may be left, from a storm two weeks ago
    await AlertDecisionRows(shared.store.sql).forget_decisions()


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
            holders, cached_holders = oncall.holders, oncall.find_cached_holders
            notifier = DiscordNotifier(
                client,
                texts=shared.texts,
                policy=policy,
                circuit=circuit,
                gate=gate,
                holders=holders,
                webhooks=shared.webhooks,
                ways=parts.ways,
            )
            reach = DiscordReachability(client, policy, mails=shared.email_sender is not None, rest=rest)
            made[guild_id] = assemble(
                parts,
                oncall,
                discord=notifier,
                offline_alerter=notifier.offline_alerter(cached_holders),
                reach=reach,
            )
        served = {guild_id: cases.services for guild_id, cases in made.items()}
        return Guilds(served, home=shared.served.home, find=GuildFinder(shared.store.sql))

    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # the bot does not use voice
    client = IncidentBot(
        texts=shared.texts,
        guilds=guilds,
        reads_messages=settings.message_content,
        hears_voice=any(policy.timeline.voice_channels for policy in shared.served.policies.values()),
        proxy=settings.proxy_for(settings.discord_api_base),
    )
    client.expected_events = circuit.expected_events
    return client, made
