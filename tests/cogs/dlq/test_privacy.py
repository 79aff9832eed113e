"""Undelivered notifications of an incident that becomes private."""

import pytest

from bot.domain.delivery.kinds import DeliveryKind
from bot.domain.dlq import failure_id
from bot.domain.errors import UserError
from bot.domain.incident.incident import Incident
from cogs.dlq.rules import DlqDeliveryKind
from tests.cogs.dlq.acts import dlq_of
from tests.services.desk import GUILD, PRIMARY, Desk


async def failed_alert(desk: Desk) -> tuple[Incident, str]:
    """An incident whose alert was given up, and the entry about that."""
    desk.discord.refused = {"channel:p0-alerts"}
    incident = await desk.open()
    await desk.work()
    alert = next(one for one in await desk.database.deliveries() if one.kind is DeliveryKind.ALERT)
    desk.discord.refused = set()
    return incident, str(failure_id(alert.nonce))


async def test_a_replay_from_before_is_emptied(desk: Desk) -> None:
    """A replayed alert in the public channel is emptied too."""
    incident, entry_id = await failed_alert(desk)
    await dlq_of(desk).replays.replay(entry_id, by=PRIMARY, guild_id=GUILD)
    await desk.work()
    assert desk.sent(DlqDeliveryKind.REPLAY) == ["channel:p0-alerts"]
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert DlqDeliveryKind.REPLAY in desk.discord.redacted


async def test_a_replay_that_waits_is_not_posted(desk: Desk) -> None:
    """A replay that was queued before the incident became private is not posted."""
    incident, entry_id = await failed_alert(desk)
    await dlq_of(desk).replays.replay(entry_id, by=PRIMARY, guild_id=GUILD)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    await desk.work()
    assert desk.sent(DlqDeliveryKind.REPLAY) == []


async def test_a_row_that_is_not_emptied_yet_is_not_read(desk: Desk) -> None:
    """A DLQ entry of an incident that became private shows no content and cannot be replayed."""
    incident, entry_id = await failed_alert(desk)
    await desk.privacy.make_private(incident.id, by=PRIMARY)
    shown = (await dlq_of(desk).entries.entry(entry_id, by=PRIMARY, guild_id=GUILD)).entry
    assert (shown.title, shown.payload) == (incident.label, {})
    with pytest.raises(UserError, match="dlq_nothing_to_replay"):
        await dlq_of(desk).replays.replay(entry_id, by=PRIMARY, guild_id=GUILD)
