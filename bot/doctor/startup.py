"""The doctor's checks once after each start, to find problems before an incident does."""

import structlog

from bot.client import IncidentBot
from bot.doctor.finding import Finding, State
from bot.doctor.guild import check_commands, check_guild
from bot.doctor.storage import check_dlq
from bot.domain.errors import DeliveryRefused, UpstreamUnavailable
from bot.services.ports import DlqStore
from bot.services.registry import Services

log = structlog.get_logger(__name__)


async def look_around(client: IncidentBot, *, dlq: DlqStore, mails: bool) -> None:
    """Log a warning for each missing thing: a column of the DLQ, a channel, a permission, the commands.

    Args:
        mails: Email is set up.
    """
    for finding in await check_dlq(dlq):
        _tell(finding)
    await client.served.each(lambda services: _look_at(client, services, mails=mails))


async def _look_at(client: IncidentBot, services: Services, *, mails: bool) -> None:
    try:
        holders = await services.oncall.holders(services.guild_id)
        async for finding in check_guild(
            client, guild_id=services.guild_id, policy=services.policy, holders=holders, mails=mails
        ):
            _tell(finding)
        _tell(await check_commands(client, services.guild_id))
    except (DeliveryRefused, UpstreamUnavailable) as error:
        log.warning("check.skipped", reason=error.reason)


def _tell(finding: Finding) -> None:
    if finding.state is not State.OK:
        log.warning("check.failed", what=finding.what, said=finding.said, todo=finding.todo)
