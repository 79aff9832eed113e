"""⏩ and its neighbours beside the message box: keys, a phone, what is told while it runs and afterwards."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import expect

from local_discord.client import Human
from local_discord.server import LocalDiscord
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import Puppet
from tests.browser.visitor.visitor import PHONE, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLOCK = {
    "id": "clock",
    "icon": "forward",
    "label": {"ja": "時間を進める", "en": "Move time on"},
    "controls": [
        {
            "id": "clock.next",
            "label": {"ja": "次の期限まで", "en": "To the next deadline"},
            "detail": {"ja": "14:20 エスカレーション INC-42", "en": "14:20 escalation INC-42"},
        },
        {
            "id": "clock.1h",
            "label": {"ja": "+1 時間", "en": "+1 h"},
            "heading": {"ja": "幅を選ぶ", "en": "By a span"},
        },
    ],
}


@asynccontextmanager
async def program(sandbox: LocalDiscord) -> AsyncIterator[Human]:
    """A program that offers its clock."""
    async with Human(sandbox.human) as human:
        await human.offer([CLOCK])
        yield human


async def carry_out(human: Human, puppet: Puppet, visitor: Visitor) -> None:
    """What the program does with the next press: an hour passes, and an alert and a DM come."""
    press = await human.next_press()
    assert press is not None
    await human.tell_press(press["id"], says={"ja": "14:05 → 14:20 …", "en": "14:05 → 14:20 …"})
    await expect(visitor.page.locator(".report")).to_contain_text("14:05 → 14:20 …")
    await human.advance_clock(3600)
    await puppet.client.post(content="⏫ **SEV1** · 決済 API が 5xx")
    dm = (await puppet.client.api("POST /users/@me/channels", {"recipient_id": "1100000000000000101"})).body
    await puppet.client.post(dm["id"], content="🔴 SEV1")
    await human.tell_press(press["id"], done=True)


async def test_clock_by_keys_tells_what_happened_and_leads_there(
    open_page: Visit, puppet: Puppet, sandbox: LocalDiscord
) -> None:
    """Shift+Tab to ⏩, arrows, Enter; a second press is refused; each line of the report is a way there."""
    async with program(sandbox) as human, open_page(locale="en-US") as visitor:
        forward = visitor.main.get_by_role("button", name="Move time on")
        await expect(forward).to_be_visible()
        await visitor.box.focus()
        await visitor.keys("Tab", "Enter")
        menu = visitor.page.get_by_role("menu")
        await expect(menu.get_by_role("menuitem").first).to_contain_text("14:20 escalation INC-42")
        await expect(menu.locator(".heading")).to_have_text(["Move time on", "By a span"])
        await visitor.keys("ArrowDown", "ArrowUp", "Enter")
        await expect(forward).to_be_focused()
        await expect(forward).to_have_attribute("aria-busy", "true")
        await visitor.keys("Enter")
        await expect(visitor.page.locator("#toasts")).to_contain_text("not finished yet")
        await carry_out(human, puppet, visitor)
        report = visitor.page.locator(".report")
        await expect(report.get_by_role("listitem")).to_have_count(2)
        await report.get_by_role("button", name="DM to primary").click()
        await expect(visitor.sidebar.locator("button.who strong")).to_have_text("primary")
        await visitor.sees("🔴 SEV1")
        await report.get_by_role("button", name="⏫ SEV1").click()
        await visitor.sees("決済 API が 5xx")
        await visitor.press("Close", within=report)
        await expect(report).to_be_hidden()


async def test_clock_on_a_phone(open_page: Visit, puppet: Puppet, sandbox: LocalDiscord) -> None:
    """Everything fits in 390 pixels, in Japanese, with room left to write; a refusal says why."""
    async with program(sandbox) as human, open_page(size=PHONE) as visitor:
        forward = visitor.main.get_by_role("button", name="時間を進める")
        await forward.click()
        menu = visitor.page.get_by_role("menu")
        box = await menu.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE[0]
        await menu.get_by_role("menuitem", name="次の期限まで").click()
        await carry_out(human, puppet, visitor)
        report = visitor.page.locator(".report")
        await expect(report.get_by_role("listitem")).to_have_count(2)
        root = visitor.page.locator(":root")
        assert await root.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0
        field = await visitor.box.bounding_box()
        assert field is not None
        assert field["width"] > 150
        await report.get_by_role("button", name="⏫ SEV1").click()
        await visitor.sees("決済 API が 5xx")
        await expect(report.get_by_role("listitem")).to_have_count(0)  # it makes room for what it led to
        await expect(report).to_contain_text("更新 2 か所")
        await report.get_by_role("button", name="→").click()
        await expect(report.get_by_role("listitem")).to_have_count(2)
        await visitor.box.fill("typing")
        await expect(report.get_by_role("listitem")).to_have_count(0)
        await forward.click()
        await menu.get_by_role("menuitem", name="+1 時間").click()
        press = await human.next_press()
        assert press is not None
        await human.tell_press(press["id"], refused={"ja": "bot がまだ動いています", "en": "busy"})
        await expect(report).to_contain_text("bot がまだ動いています")


async def test_report_leaves_a_phone_that_has_been_everywhere(
    open_page: Visit, puppet: Puppet, sandbox: LocalDiscord
) -> None:
    """Folded it says how many places there are, not only when; after the last one there is no more to say."""
    async with program(sandbox) as human, open_page(locale="en-US", size=PHONE) as visitor:
        await visitor.main.get_by_role("button", name="Move time on").click()
        await visitor.page.get_by_role("menuitem", name="To the next deadline").click()
        await carry_out(human, puppet, visitor)
        report = visitor.page.locator(".report")
        await report.get_by_role("button", name="DM to primary").click()
        await visitor.sees("🔴 SEV1")
        await expect(report.get_by_role("listitem")).to_have_count(0)
        await report.get_by_role("button", name="Places: 2").click()
        await report.get_by_role("button", name="⏫ SEV1").click()
        await visitor.sees("決済 API が 5xx")
        await expect(report).to_be_hidden()


async def test_answer_to_what_was_asked_for_is_in_sight_on_a_phone(
    open_page: Visit, puppet: Puppet, sandbox: LocalDiscord
) -> None:
    """A press that leads to a message shows what came after it, too: it is at the top, the report folded."""
    for number in range(40):
        await puppet.client.post(content=f"before {number}")
    async with program(sandbox) as human, open_page(locale="en-US", size=PHONE) as visitor:
        await visitor.main.get_by_role("button", name="Move time on").click()
        await visitor.page.get_by_role("menuitem", name="To the next deadline").click()
        press = await human.next_press()
        assert press is not None
        alert = await puppet.client.post(content="\n".join(["the alert", *"abcdefghijklmnop"]))
        await puppet.client.post(content="\n".join(["the answer", *"abcdefgh", "its end"]))
        show = {"channel": alert["channel_id"], "message": alert["id"]}
        await human.tell_press(press["id"], done=True, show=show)
        report = visitor.page.locator(".report")
        await expect(report.get_by_role("button", name="Places: 1")).to_be_visible()
        await expect(report.get_by_role("listitem")).to_have_count(0)
        await expect(visitor.message("the alert")).to_be_in_viewport(ratio=1)
        await expect(visitor.message("the answer")).to_be_in_viewport(ratio=1)


async def test_long_way_shows_how_far_it_is_and_can_be_stopped(
    open_page: Visit, sandbox: LocalDiscord
) -> None:
    """A bar, and by keys a button that asks the program to stop, which says so until it has."""
    async with program(sandbox) as human, open_page(locale="en-US") as visitor:
        await visitor.main.get_by_role("button", name="Move time on").click()
        await visitor.page.get_by_role("menuitem", name="+1 h").click()
        press = await human.next_press()
        assert press is not None
        report = visitor.page.locator(".report")
        for progress in (0.25, 0.5):
            says = dict.fromkeys(("ja", "en"), f"on the way: {progress}")
            assert not await human.tell_press(press["id"], says=says, progress=progress, may_stop=True)
            await expect(report).to_contain_text(f"on the way: {progress}")
            await expect(report.get_by_role("progressbar", name="Progress")).to_have_js_property(
                "value", progress
            )
            stop = report.get_by_role("button", name="Stop")
            if progress == 0.25:
                await stop.focus()
            await expect(stop).to_be_focused()
        await visitor.keys("Enter")
        await expect(stop).to_have_text("Stopping…")
        violations = (await Axe().run(visitor.page)).response["violations"]
        assert [one["id"] for one in violations if one["impact"] in ("serious", "critical")] == []
        assert await human.tell_press(press["id"], progress=0.75)
        await human.tell_press(press["id"], refused={"ja": "止めました", "en": "It stopped"})
        await expect(report).to_contain_text("It stopped")
        await expect(report.get_by_role("progressbar")).to_have_count(0)


async def test_discords_own_clock_says_that_it_goes_alone(open_page: Visit, sandbox: LocalDiscord) -> None:
    """Without a program, the button moves only Discord's own clock and says how far ahead the clock is."""
    async with open_page(locale="en-US") as visitor:
        forward = visitor.main.get_by_role("button", name="Move Discord's clock only")
        await forward.click()
        await visitor.page.get_by_role("menuitem", name="+15 min").click()
        await expect(forward).to_have_attribute("title", "Move Discord's clock only · Now 15 min ahead")
        assert sandbox.core.clock.shift_s == 900
        await forward.click()
        await expect(visitor.page.get_by_role("menu")).to_contain_text("Now 15 min ahead")
