"""The composition root: settings -> pools -> stores -> use cases -> client -> jobs, ticks, health."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from uuid import uuid4

import discord

from bot.client import IncidentBot, use_api_base
from bot.database import OwnDatabase, bring_up_to_date, closing, dlq_address, own_database, reach
from bot.domain.errors import UpstreamUnavailable
from bot.domain.shards import IDENTIFY_WINDOW_S, IdentifyBudget, Instance
from bot.i18n import Texts
from bot.integrations.heartbeat import HttpHeartbeat
from bot.integrations.mail import SmtpMailer
from bot.process.health import Health, serve_health
from bot.process.keeper import ShardKeeper
from bot.process.life import Life
from bot.process.login import AWAY, log_in
from bot.process.vitals import Vitals
from bot.runbook import Policy, load_policy
from bot.services.dead_man import DeadMan
from bot.services.ports import Leases
from bot.services.registry import Services
from bot.settings import DISCORD_API, Settings
from bot.storage.dlq import PostgresDlqStore
from bot.storage.figures import read_figures
from bot.storage.jobs import JobRunner
from bot.storage.leases import PostgresLeases, open_lease_pool
from bot.storage.pools import open_dlq_pool, open_pool
from bot.storage.store import PostgresStore
from bot.ui.posts.mails import Mails
from bot.ui.rest.notifier import DiscordNotifier
from bot.wiring import Parts, UseCases, handlers, wire


def run(settings: Settings, *, migrate: bool = True) -> None:
    """Run the bot until SIGTERM or SIGINT; from the main thread.

    Args:
        settings: With a token and a guild.
        migrate: Apply pending migrations first; otherwise they are an error.

    Raises:
        ConfigError: the set-up is wrong: policy, token, intents, database.
    """
    policy = load_policy(settings.runbook_file)
    with own_database(settings) as database:
        asyncio.run(reach(database.dsn))
        bring_up_to_date(database.dsn, apply=migrate)
        asyncio.run(_live(settings, policy, database))


async def _live(settings: Settings, policy: Policy, database: OwnDatabase) -> None:
    async with AsyncExitStack() as stack:
        parts = await stack.enter_async_context(open_parts(settings, policy, database.dsn))
        client, cases = make_client(settings, parts)
        runner = JobRunner(database.dsn, handlers(cases))
        await parts.store.register_guild(settings.guild_id)
        lease_pool = await stack.enter_async_context(closing(await open_lease_pool(database.dsn)))
        keeper = make_keeper(settings, client, PostgresLeases(lease_pool))
        if settings.health_port is not None:
            # Counting may take a moment: it is to hold up neither the renewals nor the handlers.
            counting = await stack.enter_async_context(
                closing(await open_pool(database.dsn, min_size=0, max_size=1))
            )
            vitals = Vitals(client, parts.store, runner, keeper, lambda: read_figures(counting))
            health = Health(vitals.parts, vitals.figures)
            await stack.enter_async_context(
                serve_health(health, host=settings.health_host, port=settings.health_port)
            )
        life = Life(
            client,
            cases,
            runner,
            keeper,
            parts.dlq,
            keep_up=lambda: database.keep_up(parts.store),
            dead_man=make_dead_man(settings, parts),
        )
        await life.run(settings.token)


@asynccontextmanager
async def connected_client(settings: Settings, policy: Policy) -> AsyncIterator[IncidentBot]:
    """The client with its commands, logged in for REST: no gateway, and no database until one is asked.

    Raises:
        ConfigError: Discord does not know the token. UpstreamUnavailable: it is away.
    """
    dsn = "postgresql:///" if settings.database_url is None else settings.database_url.get_secret_value()
    async with open_parts(settings, policy, dsn, connections=0) as parts:
        client, _ = make_client(settings, parts)
        async with client:
            try:
                await log_in(client, settings.token)
            except AWAY as error:
                raise UpstreamUnavailable(f"no login: {type(error).__name__}") from error
            yield client


@asynccontextmanager
async def open_parts(
    settings: Settings, policy: Policy, dsn: str, *, connections: int = 1
) -> AsyncIterator[Parts]:
    """The stores on open pools, and the way out by email; closed after the block.

    Args:
        connections: Opened at once to our own database; with 0 it is not asked yet.

    Raises:
        StorageUnavailable: our own database is away. The DLQ's may be.
    """
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(closing(await open_pool(dsn, min_size=connections)))
        other = dlq_address(settings)
        dlq_pool = (
            pool if other is None else await stack.enter_async_context(closing(await open_dlq_pool(other)))
        )
        texts = Texts.load()
        yield Parts(
            store=PostgresStore(pool),
            dlq=PostgresDlqStore(dlq_pool, gravest=policy.gravest.priority),
            policy=policy,
            texts=texts,
            writer=Mails(texts, policy),
            mailer=None if settings.smtp is None else SmtpMailer(settings.smtp),
        )


def make_dead_man(settings: Settings, parts: Parts) -> DeadMan | None:
    """Who tells the outside that all is well, if anybody is to be told."""
    if settings.heartbeat_url is None:
        return None
    return DeadMan(parts.store, HttpHeartbeat(settings.heartbeat_url.get_secret_value()))


def make_keeper(settings: Settings, client: IncidentBot, leases: Leases) -> ShardKeeper:
    """Who holds the gateway's shards; this process gets a name that no other has ever had."""
    # A local Discord has no window between two IDENTIFYs unless it is told to be strict, and then says so
    # itself.
    window_s = IDENTIFY_WINDOW_S if settings.discord_api_base == DISCORD_API else 0.0
    me = Instance(uuid4(), socket.gethostname(), version("incident-bot"), settings.shards or 1)
    budget = IdentifyBudget(window_s=window_s)
    return ShardKeeper(client, leases, me, shards=settings.shards, budget=budget)


def make_client(settings: Settings, parts: Parts) -> tuple[IncidentBot, UseCases]:
    """The client and the use cases, which need each other; nothing is connected yet."""
    if settings.discord_api_base != DISCORD_API:
        use_api_base(settings.discord_api_base)
    made: list[UseCases] = []

    def services(client: discord.Client) -> Services:
        made.append(wire(parts, DiscordNotifier(client, texts=parts.texts, policy=parts.policy)))
        return made[0].services

    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody speaks here
    client = IncidentBot(
        guild_id=settings.guild_id,
        texts=parts.texts,
        services=services,
        reads_messages=settings.message_content,
        hears_voice=bool(parts.policy.timeline.voice_channels),
    )
    return client, made[0]
