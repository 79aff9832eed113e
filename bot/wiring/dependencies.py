"""What the use cases of one guild are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.paging.ways import Way
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.ports import CodeHost, Discord, DlqStore, EmailSender, EmailWriter, OfflineAlerter, Spool
from bot.services.ports.charts import Charts
from bot.services.ports.live_checks import LiveCheck
from bot.services.ports.oncall import Reachability
from bot.services.ports.paging import OutsideWriter, Systems
from bot.storage.queue.watch import QueueWatch
from bot.storage.store import Store

if TYPE_CHECKING:
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
    texts: Texts
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


@dataclass(frozen=True, slots=True)
class DiscordPorts:
    """The ports by which the use cases of one guild reach people on Discord.

    Attributes:
        offline_alerter: Reaches them while the database is away.
        reach: Checks that they can be reached.
    """

    discord: Discord
    offline_alerter: OfflineAlerter
    reach: Reachability
