"""Rows 66 and 70: monitors' alerts while the bot is down, and monitors' messages that are no alerts."""

import time
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from local_discord.client import JSON, Message
from local_discord.messages.drafts import Draft
from local_discord.messages.posting import Origin, publish
from local_discord.world.names import find_user
from local_discord.world.payloads import user_payload
from tests.faults.conftest import Figure, OpenStage
from tests.faults.stage.stage import Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("faults-monitors")]

_CHATTER = 105
_MANY = 1_200  # 13 pages
_FIRING = "[FIRING:1] {} (api.parky.co.jp critical)"
_RESOLVED = "[RESOLVED] {} (api.parky.co.jp critical)"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(open_stage: OpenStage) -> AsyncIterator[Stage]:
    """The module's stage, with a bot that may read what others write."""
    async with open_stage(MESSAGE_CONTENT="true") as stage:
        await stage.world.human.change("application", message_content=True)
        await stage.world.start_bot()
        yield stage
        await stage.world.stop_bot()


async def test_row_66_a_p0_before_a_hundred_messages(stage: Stage, figure: Figure) -> None:
    """An alert from before a hundred messages is tracked at start, and its ladder goes on."""
    world, title = stage.world, "Row66DatabaseDown"
    await _post(stage, "p0-alerts", "✅ deploy ok")
    await world.idle()
    await world.fast_forward(minutes=2)  # the channel has been read up to here
    stage.falls_ill()
    await world.kill_bot()
    await _post(stage, "p0-alerts", _FIRING.format(title))
    for number in range(_CHATTER):
        await world.human.say("responder", "p0-alerts", f"見ています {number}")
    await stage.revive()
    number = await stage.number(title)
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    await stage.reach_deadline(number)
    await stage.escalated(number)
    figure(f"tracked behind {_CHATTER} messages, escalated once")


async def test_row_66_a_p0_before_more_pages_than_one_window_allows(stage: Stage, figure: Figure) -> None:
    """A rate limit interrupts the catch-up, which continues where it stopped."""
    world, title = stage.world, "Row66TalkedOver"
    await world.fast_forward(minutes=2)
    stage.falls_ill()
    await world.kill_bot()
    await _post(stage, "p0-alerts", _FIRING.format(title))
    core = world.sandbox.core
    place = next(one for one in core.world.channels.values() if one.name == "p0-alerts")
    author = Origin(user_payload(find_user(core.world, "responder")))
    for number in range(_MANY):
        publish(core, place, Draft(f"{number}"), author)
    began = time.monotonic()
    await stage.revive()
    number = await stage.number(title)
    took_s = time.monotonic() - began
    await stage.until(lambda: stage.pages(number, "primary"), "the page")
    figure(f"tracked {took_s:.0f} s after the start, behind {_MANY} messages")


async def test_row_70_recovery_repeat_and_chatter(stage: Stage, figure: Figure) -> None:
    """A recovery closes or is noted, a repeat counts, chatter is nothing: two alerts, two pages."""
    world, titles = stage.world, ("Row70Open", "Row70Taken")
    _, taken = [await _post(stage, "p1-ops", _FIRING.format(title)) for title in titles]
    numbers = [await stage.number(title) for title in titles]
    for number in numbers:
        await stage.until(partial(stage.pages, number, "primary"), "the page")
    await world.idle()
    await world.human.react("primary", taken, "👀")
    await stage.acknowledged(numbers[1])
    said = [_FIRING.replace("1", "2"), _RESOLVED]
    for title in titles:
        for line in said:
            await _decided(stage, await _post(stage, "p1-ops", line.format(title)))
    for line in ("✅ deploy ok", "Resolved: something else", "[OK] disk"):
        await _decided(stage, await _post(stage, "p1-ops", line))
    await world.idle()
    await world.fast_forward(minutes=2)
    query = "SELECT title, status, occurrences FROM incidents WHERE title LIKE 'Row70%' ORDER BY title"
    rows = await world.rows(query)
    assert [tuple(row) for row in rows] == [(titles[0], "resolved", 2), (titles[1], "acknowledged", 2)]
    [count] = await world.rows("SELECT count(*) FROM incidents WHERE title NOT LIKE 'Row%'")
    await stage.until(partial(_recoveries, stage), "the line of the recovery")
    await world.settle()
    assert (count["count"], _recoveries(stage)) == (0, 1)
    assert [len(stage.pages(number, "primary")) for number in numbers] == [1, 1]
    figure("1 closed, 1 noted, 2 counted, 0 opened")


def _recoveries(stage: Stage) -> int:
    """Count the lines that say that a monitor reported a recovery."""
    return sum("復旧を通知しました" in post.text for post in stage.posts_in("p1-ops"))


async def _decided(stage: Stage, message: Message) -> None:
    """Wait until the bot has decided what *message* means."""
    query = "SELECT 1 FROM alert_decisions WHERE said_id = $1"
    await stage.until(lambda: stage.world.rows(query, int(message.id)), "the decision")


async def _post(stage: Stage, channel: str, title: str) -> Message:
    embed: JSON = {"title": title, "color": 10038562}
    return await stage.world.human.post_webhook(channel, "Alertmanager", embeds=[embed])
