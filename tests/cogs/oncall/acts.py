"""What people do about on-call, for the tests of all that depends on it."""

from collections.abc import Sequence

from bot.domain.oncall.book import Content
from bot.domain.oncall.people import NotifySettings, Who
from bot.domain.oncall.rotation import Rotation
from cogs.oncall.handovers import wake
from cogs.oncall.store import OnCallEntries
from cogs.oncall.use_cases import OnCallUseCases
from tests.services.desk import PRIMARY, Desk


def oncall_of(desk: Desk) -> OnCallUseCases:
    """The use cases by which people change who is on call."""
    return desk.services.of(OnCallUseCases)


async def put_rotation(desk: Desk, place: str, people: Sequence[Who], turns: Rotation) -> None:
    """Put a rotation into force that began long ago."""
    content = Content({who.handle: who for who in people}, rotation=turns)
    async with desk.own_store.transaction() as tx:
        await OnCallEntries(tx.sql).add_schedule(desk.guild_id, place, content, by=PRIMARY)
        await wake(tx, desk.guild_id)


async def choose_ways(desk: Desk, settings: NotifySettings) -> None:
    """What a person sets with `/oncall notify`."""
    async with desk.own_store.transaction() as tx:
        await OnCallEntries(tx.sql).save_notify_settings(desk.guild_id, settings)
