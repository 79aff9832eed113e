"""What a bot is telling without its database at this moment: the database knows nothing of it."""

from unittest.mock import patch

import structlog

from bot.domain.outage import Watch
from bot.services.outage.alarm import Alarm
from tests.e2e.world.bot import BotProcess

log = structlog.get_logger(__name__)

_EVENT = "under_way"


def log_what_is_told() -> None:
    """Let this process log of how many incidents it is telling, whenever that changes."""
    handle, count = Alarm._handle, 0

    async def counted(alarm: Alarm, watch: Watch) -> None:
        nonlocal count
        count += 1
        log.info(_EVENT, count=count)
        try:
            await handle(alarm, watch)
        finally:
            count -= 1
            log.info(_EVENT, count=count)

    patch.object(Alarm, "_handle", counted).start()


def is_telling(bot: BotProcess) -> bool:
    """Return True if that bot is sending without its database."""
    last = next((line for line in reversed(bot.child.lines) if f'"event": "{_EVENT}"' in line), None)
    return last is not None and '"count": 0,' not in last
