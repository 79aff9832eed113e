"""`incident-bot digest`: a week in figures, here or in its channel."""

import asyncio
import time
from typing import Final

from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.errors import ConfigError, DeliveryRefused
from bot.domain.statistics.period import IsoWeek
from bot.services.core import Core
from bot.storage.store import Store
from bot.storage.tables.deliveries import DeliveryRows
from bot.ui.words.links import place_url
from cogs.digest.use_cases import Digests

#: How long to wait for a running bot to post it, seconds.
PATIENCE_S: Final = 15.0
_LOOK_S: Final = 0.2

#: Said of a server.
_OFF: Final = "the digest is switched off"

_FINISHED: Final = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)


def week_named(name: str | None) -> IsoWeek | None:
    """Return the week that a person has written; None for the last one.

    Raises:
        ConfigError: there is no such week.
    """
    try:
        return None if name is None else IsoWeek.parse(name)
    except ValueError as error:
        raise ConfigError(f"--week: {error}") from None


async def week_text(core: Core, week: IsoWeek | None) -> str:
    """Return the digest of *week*, or of the last one, of a server."""
    if _is_off(core):
        return _OFF
    digests = Digests(core)
    return await digests.text(week or await digests.last_week())


async def post_week(core: Core, week: IsoWeek | None) -> str:
    """Have the digest of *week*, or of the last one, posted by the running bot, once; return what was done.

    Raises:
        ConfigError: the week has not ended. DeliveryRefused: Discord refuses it.
    """
    if _is_off(core):
        return _OFF
    digests = Digests(core)
    last = await digests.last_week()
    asked = week or last
    if asked > last:
        raise ConfigError(f"--week: {asked} has not ended; the last one that has is {last}")
    if not await digests.post(asked):
        return f"the digest of {asked} was posted before; it is posted once"
    return _told(asked, await _await_delivery(core.store, digests.key(asked)))


def _is_off(core: Core) -> bool:
    return "digest" in core.policy.off


async def _await_delivery(store: Store, key: str) -> Delivery:
    """Return the delivery once it has finished, or as it is after `PATIENCE_S`."""
    until = time.monotonic() + PATIENCE_S
    while True:
        delivery = await DeliveryRows(store.sql).delivery_by_key(key)
        assert delivery is not None, key  # it was stored in the commit before
        if delivery.status in _FINISHED or time.monotonic() > until:
            return delivery
        await asyncio.sleep(_LOOK_S)


def _told(week: IsoWeek, delivery: Delivery) -> str:
    match delivery.status:
        case DeliveryStatus.SENT:
            url = place_url(delivery.guild_id, delivery.channel_id or 0, delivery.message_id)
            return f"posted the digest of {week}: {url}"
        case DeliveryStatus.FAILED:
            reason = f"the digest of {week}: {delivery.error}; it is in the DLQ"
            raise DeliveryRefused(reason, http_status=delivery.http_status or 0)
        case _:
            return f"queued the digest of {week}; it goes out as soon as a bot runs on this database"
