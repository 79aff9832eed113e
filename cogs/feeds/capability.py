"""What the folder plugs into the core. `bot.capability` says what each part is."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.capability import Capability, Serving, Tick
from bot.services.registry import Services
from bot.storage.store import Store
from cogs.feeds import commands, doctor, use_cases
from cogs.feeds.use_cases import CHECK_S, CalendarFeeds

if TYPE_CHECKING:
    from bot.settings import Settings


def serve(_settings: "Settings", store: Store, guilds: Mapping[int, Services]) -> Serving:
    """Answer the addresses of every guild."""
    from cogs.feeds.site import answering  # noqa: PLC0415 -- see `Capability.routes`

    return answering(store, {guild_id: one.of(CalendarFeeds) for guild_id, one in guilds.items()})


CAPABILITY = Capability(
    name="feeds",
    opens=use_cases.open_base,
    routes=serve,
    build=use_cases.build,
    subcommands={"oncall": [commands.calendar]},
    controls=[commands.press_renew, commands.press_revoke],
    ticks=[Tick("calendar feeds", use_cases.look, every_s=CHECK_S, by_leader=True)],
    doctor=doctor.check,
)
