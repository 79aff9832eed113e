"""`/alerts recent | rules`, against the local Discord."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.alerts.alert import AlertMessage
from bot.domain.alerts.events import EventOrigin, event_id
from bot.domain.alerts.recognition import Says
from bot.domain.triage.session import Evidence
from tests.integration.cogs.console_world import ConsoleWorld, presses, shown, words
from tests.services.alerts.test_events import FIRING, SENTRY


async def say(world: ConsoleWorld, number: int, *, key: str = "4711", says: Says = Says.FIRING) -> None:
    """Let the monitor report something."""
    at = datetime.now(UTC)
    origin = EventOrigin(world.services.guild_id, event_id(at, number), at)
    event = replace(FIRING, key=key, says=says, title=f"TypeError {key} @everyone")
    await world.services.alert_events.receive_event(event, SENTRY, origin)


async def test_what_became_of_alerts_is_listed_page_by_page(world: ConsoleWorld) -> None:
    """The list of alerts is paged, newest first, filtered by target and outcome, and pings no one."""
    for number in range(12):
        await say(world, number, key=f"k{number:02}")
    await say(world, 12, key="gone", says=Says.RESOLVED)
    await world.database.fetch("UPDATE incidents SET alert_channel_id = 301, alert_message_id = 900 + id")
    page = shown(await world.command("alerts recent"))
    assert "TypeError gone" in words(page)
    assert "🟢 復旧の知らせ" in words(page)
    assert "@everyone" not in words(page)
    assert "/301/912)" in words(page)
    (older,) = [press for press in presses(page) if press.startswith("alerts:v1:older:")]
    page = shown(await world.click(page, older))
    assert words(page).count("🔴 追跡") == 5
    (newer,) = [press for press in presses(page) if press.startswith("alerts:v1:newer:")]
    assert "TypeError gone" in words(shown(await world.click(page, newer)))
    found = shown(await world.command("alerts recent", target="API.parky.co.jp", outcome="nothing_open"))
    assert words(found).count("TypeError") == 1
    none = shown(await world.command("alerts recent", target="elsewhere"))
    assert "該当するアラートはありません" in words(none)
    wrong = shown(await world.command("alerts recent", outcome="nonsense"))
    assert "候補から選んでください" in wrong["content"]
    offered = await world.choices("alerts recent", focused="outcome", typed="ミュート")
    assert [choice["value"] for choice in offered] == ["muted"]


async def test_a_private_incident_is_not_named(world: ConsoleWorld) -> None:
    """The list of alerts names a private incident only to a person who may see it."""
    await say(world, 1)
    await world.database.fetch("UPDATE incidents SET is_private = true")
    page = words(shown(await world.command("alerts recent")))
    assert "🔒 非公開" in page
    assert "TypeError" not in page
    assert "INC-1" not in page
    assert "TypeError" in words(shown(await world.command("alerts recent", by="primary")))


async def test_what_was_taught_is_listed_and_removed(world: ConsoleWorld) -> None:
    """An answer becomes a lesson by a press; `/alerts rules` lists it, and a person on call removes it.

    `/alerts recent` names the lesson by which a message was passed over.
    """
    none = shown(await world.command("alerts rules"))
    assert "まだありません" in words(none)
    await hear(world, 901, "キオスクの様子：123件")
    line = await world.until("p0-alerts", contains="alq:v1:chatter:901")
    answered = shown(await world.click(line, "alq:v1:chatter:901"))
    assert "キオスクの様子" in answered["content"]
    taught = shown(await world.click(answered, "alq:v1:always:901"))
    assert "/alerts rules" in taught["content"]
    await hear(world, 902, "キオスクの様子：124件")
    assert "教えたルール「キオスクの様子" in words(shown(await world.command("alerts recent")))
    listed = shown(await world.command("alerts rules"))
    assert "アラートではない。@responder" in words(listed)
    assert "1 回適用" in words(listed)
    [lesson] = await world.database.fetch("SELECT id FROM alert_lessons")
    refused = shown(await world.click(listed, "alerts:v1:forget", values=[str(lesson["id"])]))
    assert "on-call" in refused["content"]
    mine = shown(await world.command("alerts rules", by="primary"))
    removed = await world.click(mine, "alerts:v1:forget", by="primary", values=[str(lesson["id"])])
    assert "削除しました" in shown(removed)["content"]
    assert "まだありません" in words(shown(await world.command("alerts rules")))


async def hear(world: ConsoleWorld, number: int, text: str) -> None:
    """Let a webhook post a message in the channel of the most severe alerts."""
    at, state = datetime.now(UTC), await world.human("GET", "state")
    place = int(next(one["id"] for one in state["channels"] if one["name"] == "p0-alerts"))
    url = f"https://discord.com/channels/{world.guild_id}/{place}/{number}"
    await world.services.alerts.receive(
        AlertMessage(
            id=number,
            guild_id=world.services.guild_id,
            channel_id=place,
            channel="p0-alerts",
            content=text,
            embeds=(),
            evidence=Evidence(text=text, author_id=77, author_name="駐車場監視", url=url, at=at),
            is_webhook=True,
            is_bot=True,
            is_ours=False,
            username="駐車場監視",
            stand_in="?",
        )
    )
