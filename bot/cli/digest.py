"""`incident-bot digest`: a week in figures, here or in its channel."""

import asyncio
import time
from typing import Final

import typer

from bot.app import open_parts
from bot.database import bring_up_to_date, own_database, reach
from bot.domain.delivery import Delivery, DeliveryStatus
from bot.domain.digest import IsoWeek
from bot.domain.errors import ConfigError, DeliveryRefused
from bot.runbook import Policy, load_policy
from bot.services.digests import Digests, digest_key
from bot.services.ports import Store
from bot.settings import Settings
from bot.ui.posts.digests import digest_text
from bot.ui.words.links import place_url

#: How long to wait for a running bot to post it, seconds.
PATIENCE_S: Final = 15.0
_LOOK_S: Final = 0.2

_FINISHED: Final = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)


def preview(settings: Settings, week: str | None) -> None:
    """Print the digest of *week*, or of the last one.

    Raises:
        ConfigError: no such week; the policy or the database's set-up is wrong. StorageUnavailable.
    """
    asked, policy = _parse(week), load_policy(settings.runbook_file)
    with own_database(settings) as database:
        _prepare(settings, database.dsn)
        typer.echo(asyncio.run(_preview(settings, policy, database.dsn, week=asked)))


def post(settings: Settings, week: str | None) -> None:
    """Have the digest of *week*, or of the last one, posted by the running bot, once.

    Raises:
        ConfigError: no such week, or one that has not ended; the set-up is wrong. StorageUnavailable.
    """
    asked, policy = _parse(week), load_policy(settings.runbook_file)
    with own_database(settings) as database:
        _prepare(settings, database.dsn)
        typer.echo(asyncio.run(_post(settings, policy, database.dsn, week=asked)))


def _parse(week: str | None) -> IsoWeek | None:
    try:
        return None if week is None else IsoWeek.parse(week)
    except ValueError as error:
        raise ConfigError(f"--week: {error}") from None


def _prepare(settings: Settings, dsn: str) -> None:
    asyncio.run(reach(dsn, patience_s=0.0))
    # The embedded database is nobody else's, so that it may be made on the way.
    bring_up_to_date(dsn, apply=settings.database_url is None)


async def _preview(settings: Settings, policy: Policy, dsn: str, *, week: IsoWeek | None) -> str:
    async with open_parts(settings, policy, dsn) as parts:
        digests = Digests(parts.store, parts.dlq, policy)
        figures = await digests.figures(settings.guild_id, week or await digests.last_week())
        return digest_text(figures, texts=parts.texts, policy=policy)


async def _post(settings: Settings, policy: Policy, dsn: str, *, week: IsoWeek | None) -> str:
    async with open_parts(settings, policy, dsn) as parts:
        digests = Digests(parts.store, parts.dlq, policy)
        last = await digests.last_week()
        asked = week or last
        if asked > last:
            raise ConfigError(f"--week: {asked} has not ended; the last one that has is {last}")
        if not await digests.post(settings.guild_id, asked):
            return f"the digest of {asked} was posted before; it is posted once"
        return _told(asked, await _await_delivery(parts.store, digest_key(settings.guild_id, asked)))


async def _await_delivery(store: Store, key: str) -> Delivery:
    """The delivery as it is when it has finished, or when patience has."""
    until = time.monotonic() + PATIENCE_S
    while True:
        delivery = await store.delivery_by_key(key)
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
