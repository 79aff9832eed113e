"""`incident-bot digest`: a week in figures, here or in its channel."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import typer

from bot.cli.outcome import in_each_server, server_named
from bot.database import bring_up_to_date, own_database, reach
from bot.domain.calendar.iso_week import IsoWeek
from bot.domain.delivery.delivery import Delivery, DeliveryStatus
from bot.domain.errors import ConfigError, DeliveryRefused
from bot.resources import SharedResources, open_shared
from bot.runbook import load_served
from bot.services.ports import Store
from bot.settings import Settings
from bot.ui.words.links import place_url
from bot.wiring import weekly_report

#: How long to wait for a running bot to post it, seconds.
PATIENCE_S: Final = 15.0
_LOOK_S: Final = 0.2

#: Said of a server.
_OFF: Final = "the digest is switched off"

_FINISHED: Final = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)


def preview(settings: Settings, week: str | None) -> None:
    """Print the digest of *week*, or of the last one, of every server."""
    _run(settings, week, _preview)


def post(settings: Settings, week: str | None) -> None:
    """Have the digest of *week*, or of the last one, posted by the running bot in every server, once."""
    _run(settings, week, _post)


def _run(
    settings: Settings,
    week: str | None,
    work: Callable[[SharedResources, IsoWeek | None], Awaitable[None]],
) -> None:
    asked, served = _parse(week), load_served(settings.runbook_file, home=settings.discord_guild_id)

    async def run(dsn: str) -> None:
        async with open_shared(settings, served, dsn) as shared:
            await work(shared, asked)

    with own_database(settings) as database:
        asyncio.run(reach(database.dsn, patience_s=0.0))
        # The embedded database serves this bot alone, so it may be made on the way.
        bring_up_to_date(database.dsn, apply=settings.database_url is None)
        asyncio.run(run(database.dsn))


def _parse(week: str | None) -> IsoWeek | None:
    try:
        return None if week is None else IsoWeek.parse(week)
    except ValueError as error:
        raise ConfigError(f"--week: {error}") from None


async def _preview(shared: SharedResources, week: IsoWeek | None) -> None:
    texts = [await _text(shared, guild_id, week=week) for guild_id in shared.served.policies]
    typer.echo("\n\n".join(texts))


async def _text(shared: SharedResources, guild_id: int, *, week: IsoWeek | None) -> str:
    digests = weekly_report(shared.parts(guild_id))
    told = _OFF if digests is None else await digests.text(week or await digests.last_week())
    return f"{server_named(shared.served, guild_id)}{told}"


async def _post(shared: SharedResources, week: IsoWeek | None) -> None:
    async def post_one(guild_id: int, where: str) -> None:
        typer.echo(f"{where}{await _post_one(shared, guild_id, week=week)}")

    await in_each_server(shared.served, post_one)


async def _post_one(shared: SharedResources, guild_id: int, *, week: IsoWeek | None) -> str:
    parts = shared.parts(guild_id)
    digests = weekly_report(parts)
    if digests is None:
        return _OFF
    last = await digests.last_week()
    asked = week or last
    if asked > last:
        raise ConfigError(f"--week: {asked} has not ended; the last one that has is {last}")
    if not await digests.post(asked):
        return f"the digest of {asked} was posted before; it is posted once"
    return _told(asked, await _await_delivery(parts.store, digests.key(asked)))


async def _await_delivery(store: Store, key: str) -> Delivery:
    """Return the delivery once it has finished, or as it is after `PATIENCE_S`."""
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
