"""The parts that all guilds share: pools, stores, outgoing email, charts, code hosts, texts."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import asyncpg

from bot.capability import capability_names, installed
from bot.configured import CodeHosts, Outbound, Paging, open_code_hosts, outbound_of, paging_systems
from bot.database import closing, dlq_address
from bot.i18n import Texts
from bot.integrations.charts.process import WorkerCharts
from bot.integrations.webhooks import HttpWebhooks
from bot.runbook import Policy, Served
from bot.services.ports import EmailSender
from bot.services.ports.systems import Charts, LiveCheck
from bot.settings import Settings
from bot.storage.database.pools import open_dlq_pool, open_pool
from bot.storage.database.vitals import DatabaseVitals
from bot.storage.dlq.store import PostgresDlqStore
from bot.storage.queue.enqueue import QueueWatch
from bot.storage.spool import FileSpool
from bot.storage.store import Store
from bot.ui.posts.mails import PlainEmailWriter, PlainOutsideWriter
from bot.wiring import GuildDependencies


@dataclass(frozen=True, slots=True)
class SharedResources:
    """The parts that all guilds share: the pools behind the stores, outgoing email, the texts.

    Attributes:
        store: Sees the rows of every guild; `parts` gives one guild its own view.
        pool: Of our own database.
        dlq_pool: Of the database that holds the failed notifications.
        queue: Watches that the job queue does its work.
        webhooks: Of the channels that have one.
        opened: What the capabilities have made of the settings, by their names.
        outbound: The client for other systems outside.
        paging: Returns those that a guild's pages go to.
    """

    served: Served
    store: Store
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
    paging: Paging
    vitals: LiveCheck
    opened: Mapping[str, object]

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
            outside_writer=PlainOutsideWriter(self.texts, policy),
            email_sender=self.email_sender,
            charts=self.charts,
            spool=FileSpool(self.data_dir, guild_id),
            queue=self.queue,
            vitals=self.vitals,
            public_url=self.public_url,
            code_host=self.code_hosts.repository(policy),
            github=self.code_hosts.connection,
            webhooks=self.webhooks.ids,
            paging=self.paging(policy),
            opened=self.opened,
        )

    def _dlq(self, policy: Policy) -> PostgresDlqStore:
        return PostgresDlqStore(self.dlq_pool, policy.dlq_table)


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
        outbound, texts = outbound_of(settings), Texts.load()
        yield SharedResources(
            served,
            Store(pool, is_shared=len(served.policies) > 1, switched_off=switched_off(served.policies)),
            pool,
            dlq_pool,
            texts,
            make_email_sender(settings),
            data_dir=settings.data_dir,
            public_url=settings.public_url,
            queue=QueueWatch(),
            charts=WorkerCharts(settings.data_dir / "matplotlib"),
            code_hosts=await stack.enter_async_context(open_code_hosts(settings)),
            webhooks=make_webhooks(settings),
            outbound=outbound,
            paging=partial(paging_systems, settings, outbound, texts),
            vitals=DatabaseVitals(dsn),
            opened={one.name: one.opens(settings, outbound) for one in installed() if one.opens is not None},
        )


def switched_off(policies: Mapping[int, Policy]) -> dict[str, frozenset[int]]:
    """Return the guilds that have switched a capability off, by its name."""
    return {
        name: frozenset(guild for guild, policy in policies.items() if name in policy.off)
        for name in capability_names()
    }


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
