"""The demo's controls on the page of its local Discord."""

from typing import Any

from bot.demo import clock
from bot.demo.controls import served_controls
from bot.demo.running_demo import RunningDemo
from bot.demo.setup import Setup
from local_discord.running import running_discord
from tests.patience import PATIENCE_S
from tests.postgres import connect


async def test_press_is_answered_though_the_database_is_gone(database_url: str) -> None:
    """The controls are there at once, and a press ends soon, again and again, not when it looks abandoned."""
    connection = await connect(database_url)
    await clock.install(connection)
    unused: Any = None
    async with running_discord() as discord:
        human = discord.human

        async def over() -> bool | None:
            return None if (await human.state())["running"] else True

        async with served_controls(RunningDemo(human, "", "", connection, unused, Setup())):
            await connection.close()
            for _ in range(2):
                await human.press_control("primary", "clock.1m")
                await human.until(over, "the end of the press", within_s=PATIENCE_S)
