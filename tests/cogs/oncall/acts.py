"""What people do about on-call, for the tests of all that depends on it."""

from bot.domain.oncall.people import NotifySettings
from cogs.oncall.store import OnCallEntries
from cogs.oncall.use_cases import OnCallUseCases
from tests.services.desk import Desk


def oncall_of(desk: Desk) -> OnCallUseCases:
    """The use cases by which people change who is on call."""
    return desk.services.of(OnCallUseCases)


async def choose_ways(desk: Desk, settings: NotifySettings) -> None:
    """What a person sets with `/oncall notify`."""
    async with desk.own_store.transaction() as tx:
        await OnCallEntries(tx.sql).save_notify_settings(desk.guild_id, settings)
