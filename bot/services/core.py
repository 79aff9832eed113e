"""What the use cases of a capability are built from: those of the core, of one guild."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.paging.ways import Way
from bot.runbook.model import Policy
from bot.services.alerts.events import AlertEvents
from bot.services.incidents.lifecycle import Lifecycle
from bot.services.incidents.opening import Incidents
from bot.services.incidents.reposting import Reposting
from bot.services.ports import CodeHost, Discord, DlqStore
from bot.services.ports.charts import Charts
from bot.services.ports.live_checks import LiveCheck
from bot.services.ports.oncall import Reachability
from bot.services.shared.access import Access
from bot.services.shared.changes import Changes
from bot.services.shared.reminder_recipients import ReminderRecipients
from bot.services.shared.roster import OnCall
from bot.services.statistics import Statistics
from bot.storage.store import Store

if TYPE_CHECKING:
    from bot.i18n import Texts
    from bot.integrations.github.connection import GitHubConnection


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The use cases of the core, of one guild, and what they are made from.

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

    guild_id: int
    store: Store
    dlq: DlqStore
    policy: Policy
    discord: Discord
    access: Access
    changes: Changes
    oncall: OnCall
    reach: Reachability
    ways: frozenset[Way]
    incidents: Incidents
    lifecycle: Lifecycle
    reposting: Reposting
    alert_events: AlertEvents
    webhooks: Mapping[str, int]
    recipients: ReminderRecipients
    statistics: Statistics
    charts: Charts
    texts: "Texts"
    vitals: LiveCheck
    code_host: CodeHost | None = None
    github: "GitHubConnection | None" = None
    opened: object = None
