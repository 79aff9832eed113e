"""The composition root: settings -> pools -> stores -> use cases -> client -> jobs, ticks, health.

Read from the top: `run` is the bot's whole life, `_compose` is how it is put together, `App` is what then
happens at once. Nothing that is owed lives in this process: whatever ends it, the rows say what is left.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import asyncpg
import discord
import structlog

from bot.checks.startup import look_around
from bot.client import IncidentBot, use_api_base
from bot.database import bring_up_to_date, dlq_address, own_database, reach
from bot.health import Health, serve_health
from bot.i18n import Texts
from bot.integrations.mail import SmtpMailer
from bot.login import log_in_patiently, stay_connected
from bot.metrics import Incidents, exposition
from bot.domain.errors import StorageUnavailable
from bot.runbook import Policy, load_policy
from bot.services.registry import Services
from bot.settings import DISCORD_API, Settings
from bot.signals import stop_requested
from bot.storage.dlq import PostgresDlqStore
from bot.storage.jobs import JobRunner
from bot.storage.pools import open_dlq_pool, open_pool
from bot.storage.store import PostgresStore
from bot.ticks import AUDIT_S, DIGEST_S, RECONCILE_S, Ticks
from bot.ui.mails import Mails
from bot.ui.notifier import DiscordNotifier
from bot.wiring import Parts, UseCases, handlers, wire

log = structlog.get_logger(__name__)

_CLOSE_S: Final = 2.0  # for a connection that does not want to end


def run(settings: Settings, *, migrate: bool = True) -> None:
    """Run the bot until SIGTERM or SIGINT, from the main thread.

    Args:
        settings: With a token and a guild.
        migrate: Apply pending migrations first; otherwise their presence is an error.

    Raises:
        ConfigError: the set-up is wrong: policy, token, intents, database.
    """
    policy = load_policy(settings.runbook_file)
    with own_database(settings) as dsn:
        asyncio.run(reach(dsn))
        bring_up_to_date(dsn, apply=migrate)
        asyncio.run(_run(settings, policy, dsn))


async def _run(settings: Settings, policy: Policy, dsn: str) -> None:
    async with AsyncExitStack() as open_parts:
        app = await _compose(settings, policy, dsn, open_parts=open_parts)
        if settings.health_port is not None:
            health = Health(app.parts(), app.figures)
            host, port = settings.health_host, settings.health_port
            await open_parts.enter_async_context(serve_health(health, host=host, port=port))
        await app.live(settings.token)


async def _compose(settings: Settings, policy: Policy, dsn: str, *, open_parts: AsyncExitStack) -> "App":
    """Make every part; what needs closing is left to *open_parts*."""
    pool = await open_parts.enter_async_context(closing(await open_pool(dsn)))
    other = dlq_address(settings)
    dlq_pool = pool if other is None else await open_parts.enter_async_context(closing(await open_dlq_pool(other)))
    texts = Texts.load()
    store = PostgresStore(pool)
    parts = Parts(
        store=store,
        dlq=PostgresDlqStore(dlq_pool, gravest=policy.gravest.priority),
        policy=policy,
        writer=Mails(texts, policy),
        mailer=None if settings.smtp is None else SmtpMailer(settings.smtp),
    )
    client, cases = make_client(settings, parts, texts)
    return App(client, cases, store, JobRunner(dsn, handlers(cases)))


def make_client(settings: Settings, parts: Parts, texts: Texts) -> tuple[IncidentBot, UseCases]:
    """The client and the use cases, each of which needs the other; nothing is connected yet."""
    if settings.discord_api_base != DISCORD_API:
        use_api_base(settings.discord_api_base)
    made: list[UseCases] = []

    def services(client: discord.Client) -> Services:
        notifier = DiscordNotifier(client, texts=texts, policy=parts.policy)
        made.append(wire(parts, notifier))
        return made[0].services

    client = IncidentBot(guild_id=settings.guild_id, texts=texts, services=services)
    return client, made[0]


@asynccontextmanager
async def closing(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Pool]:
    """Close *pool* after the block; connections that are still at work get two seconds."""
    try:
        yield pool
    finally:
        try:
            async with asyncio.timeout(_CLOSE_S):
                await pool.close()
        except (TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            pool.terminate()


@dataclass(frozen=True, slots=True)
class App:
    """The running bot."""

    client: IncidentBot
    cases: UseCases
    store: PostgresStore
    runner: JobRunner

    async def live(self, token: str) -> None:
        """Do everything at once until a signal asks to stop.

        Raises:
            ConfigError: Discord will not have us.
        """
        async with stop_requested() as stop:
            parts = {
                asyncio.create_task(stop.wait(), name="stop"),
                asyncio.create_task(self.runner.run(), name="jobs"),
            }
