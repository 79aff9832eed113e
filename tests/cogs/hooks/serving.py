"""The port of the hooks, as a process opens it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.integrations.public_server import serve_public
from cogs.hooks.intake import HookBatches, HookIntake, HooksMeanwhile
from cogs.hooks.site import open_hooks


@asynccontextmanager
async def serve_hooks(intake: HookIntake, *storing: HookBatches | HooksMeanwhile) -> AsyncIterator[int]:
    """Receive hooks during the block, on a free port, which is returned."""
    async with (
        open_hooks(intake, *storing) as routes,
        serve_public([routes], host="127.0.0.1", port=0) as port,
    ):
        yield port
