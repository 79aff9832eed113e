"""`incident-bot digest`: a week in figures, here or in its channel."""

# ruff: noqa: PLC0415 -- as in `bot.cli.commands`

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Final

import typer

from bot.cli.outcome import ends_well, in_each_server, server_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.delivery.delivery import Delivery
    from bot.domain.statistics.period import IsoWeek
    from bot.services.core import Core
    from bot.storage.store import Store

#: How long to wait for a running bot to post it, seconds.
PATIENCE_S: Final = 15.0
_LOOK_S: Final = 0.2

#: Said of a server.
_OFF: Final = "the digest is switched off"


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command(epilog="Example: incident-bot digest --preview --week 2026-W47")(digest)


def digest(
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Print it here; no running bot is needed.")
    ] = False,
    post: Annotated[
        bool, typer.Option("--post", help="Let the bot post it in the digest's channel.")
    ] = False,
    week: Annotated[str | None, typer.Option(help="An ISO week such as 2026-W47; else the last one.")] = None,
) -> None:
    """Look at a week's digest, or have it posted."""
    if preview == post:
        raise typer.BadParameter("choose one of --preview and --post")
    with ends_well():
        from bot.cli.setup import load

        settings = load("discord_guild_id")
        from bot.cli.database import with_cores
        from bot.domain.errors import ConfigError
        from bot.domain.statistics.period import IsoWeek
        from bot.runbook import load_served

        try:
            chosen = None if week is None else IsoWeek.parse(week)
        except ValueError as error:
            raise ConfigError(f"--week: {error}") from None
        served = load_served(settings.runbook_file, home=settings.discord_guild_id)

        async def print_all(core_of: "Callable[[int], Core]") -> None:
            texts = [
                f"{server_named(served, guild_id)}{await _week_text(core_of(guild_id), chosen)}"
                for guild_id in served.policies
            ]
            typer.echo("\n\n".join(texts))

        async def post_all(core_of: "Callable[[int], Core]") -> None:
            async def post_one(guild_id: int, where: str) -> None:
                typer.echo(f"{where}{await _post_week(core_of(guild_id), chosen)}")

            await in_each_server(served, post_one)

        with_cores(settings, served, "digest", print_all if preview else post_all)


async def _week_text(core: "Core", week: "IsoWeek | None") -> str:
    """Return the digest of *week*, or of the last one, of a server."""
    from cogs.digest.use_cases import Digests

    if "digest" in core.policy.off:
        return _OFF
    digests = Digests(core)
    return await digests.text(week or await digests.last_week())


async def _post_week(core: "Core", week: "IsoWeek | None") -> str:
    """Have the digest of *week*, or of the last one, posted by the running bot, once; return what was done.

    Raises:
        ConfigError: the week has not ended. DeliveryRefused: Discord refuses it.
    """
    from bot.domain.delivery.delivery import DeliveryStatus
    from bot.domain.errors import ConfigError, DeliveryRefused
    from bot.ui.words.wording import place_url
    from cogs.digest.use_cases import Digests

    if "digest" in core.policy.off:
        return _OFF
    digests = Digests(core)
    last = await digests.last_week()
    week = week or last
    if week > last:
        raise ConfigError(f"--week: {week} has not ended; the last one that has is {last}")
    if not await digests.post(week):
        return f"the digest of {week} was posted before; it is posted once"
    delivery = await _await_delivery(core.store, digests.key(week))
    match delivery.status:
        case DeliveryStatus.SENT:
            url = place_url(delivery.guild_id, delivery.channel_id or 0, delivery.message_id)
            return f"posted the digest of {week}: {url}"
        case DeliveryStatus.FAILED:
            reason = f"the digest of {week}: {delivery.error}; it is in the DLQ"
            raise DeliveryRefused(reason, http_status=delivery.http_status or 0)
    return f"queued the digest of {week}; it goes out as soon as a bot runs on this database"


async def _await_delivery(store: "Store", key: str) -> "Delivery":
    """Return the delivery once it has finished, or as it is after `PATIENCE_S`."""
    from bot.domain.delivery.delivery import DeliveryStatus
    from bot.storage.tables.deliveries import DeliveryRows

    finished = (DeliveryStatus.SENT, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)
    until = time.monotonic() + PATIENCE_S
    while True:
        delivery = await DeliveryRows(store.sql).delivery_by_key(key)
        assert delivery is not None, key  # it was stored in the commit before
        if delivery.status in finished or time.monotonic() > until:
            return delivery
        await asyncio.sleep(_LOOK_S)
