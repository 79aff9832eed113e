"""The tour of a first visit: by keys and clicks, on a desktop and a phone; shown once, or when asked for."""

from typing import Any, Final

import pytest
from playwright.async_api import Locator, expect

from local_discord.tests.client import ALERTS
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import Puppet
from tests.browser.visitor.visitor import DESKTOP, PHONE, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")


def step(name: str, target: str = "") -> dict[str, Any]:
    """A step in both languages."""
    words = {"title": {"en": name, "ja": f"{name} です"}, "text": {"en": "You are **{me}**."}}
    return {**words, "target": target}


STEPS: Final = [
    step("Hello"),
    step("Alerts", "channel:p0-alerts"),
    step("Time", "clock"),
    step("Write", "composer"),
    step("People", "switcher"),
]


def tour(visitor: Visitor) -> Locator:
    """The dialog of the tour."""
    return visitor.page.locator("dialog.tour")


async def sees_step(visitor: Visitor, name: str) -> None:
    """Wait for the step of this name; the button that goes on has the focus."""
    await expect(tour(visitor).get_by_role("heading", name=name)).to_be_visible()
    await expect(tour(visitor).locator(".primary")).to_be_focused()


async def test_tour_by_keys_alone(open_page: Visit, puppet: Puppet) -> None:
    """Enter and arrows go on and back, Tab stays inside; the end is remembered, and the box has the keys."""
    await puppet.client.human("PUT tour", steps=STEPS)
    async with open_page(locale="en-US") as visitor:
        await sees_step(visitor, "Hello")
        await expect(tour(visitor)).to_contain_text("You are responder.")
        await visitor.keys("Enter")
        await sees_step(visitor, "Alerts")
        await expect(visitor.page).to_have_url(f"{puppet.client.sandbox.core.origin}/#{ALERTS}")
        await visitor.keys("ArrowLeft", "ArrowLeft")
        await sees_step(visitor, "Hello")
        await visitor.keys("ArrowRight", "ArrowRight", "Tab")
        await expect(tour(visitor).get_by_role("button", name="Skip")).to_be_focused()
        await visitor.keys("Shift+Tab", "Shift+Tab", "Enter")
        await sees_step(visitor, "Alerts")
        await visitor.keys("Enter", "Enter", "Enter", "ArrowRight")
        await sees_step(visitor, "People")
        await expect(tour(visitor)).to_contain_text("5 of 5")
        await visitor.keys("Enter")
        await expect(tour(visitor)).to_have_count(0)
        await expect(visitor.box).to_be_focused()
        await visitor.page.reload()
        await expect(visitor.box).to_be_focused()
        await expect(tour(visitor)).to_have_count(0)


@pytest.mark.parametrize("way", ["Escape", "Skip"])
async def test_skipped_tour_comes_back_when_asked(open_page: Visit, puppet: Puppet, way: str) -> None:
    """A skipped tour is shown again by the button above the channels or by `?tour` in the address."""
    await puppet.client.human("PUT tour", steps=STEPS)
    async with open_page(locale="en-US") as visitor:
        await sees_step(visitor, "Hello")
        if way == "Escape":
            await visitor.page.mouse.click(5, 5)  # beside the buttons: the keys stay with them
            await visitor.keys("Escape")
        else:
            await visitor.press("Skip", within=tour(visitor))
        await expect(tour(visitor)).to_have_count(0)
        await visitor.page.reload()
        await visitor.press("Show the tour again", within=visitor.sidebar)
        await sees_step(visitor, "Hello")
        await visitor.keys("Escape")
        await visitor.page.goto(f"{puppet.client.sandbox.core.origin}/?lang=ja&tour")
        await sees_step(visitor, "Hello です")
        assert "?" not in visitor.page.url


async def test_skipped_tour_is_remembered_at_once(open_page: Visit, puppet: Puppet) -> None:
    """The page may be loaded anew before the browser says that the dialog is closed."""
    await puppet.client.human("PUT tour", steps=STEPS)
    async with open_page(locale="en-US") as visitor:
        await sees_step(visitor, "Hello")
        skip = await tour(visitor).get_by_role("button", name="Skip").element_handle()
        assert (
            await visitor.page.evaluate("(skip) => (skip.click(), localStorage['page.tour'])", skip) == "seen"
        )


async def test_no_tour_without_steps(open_page: Visit, puppet: Puppet) -> None:
    """A local Discord by itself has none, and no button for it; one that is handed in later is given then."""
    async with open_page(locale="en-US") as visitor:
        await expect(visitor.box).to_be_focused()
        await expect(visitor.sidebar.get_by_role("button", name="Show the tour again")).to_have_count(0)
        await expect(tour(visitor)).to_have_count(0)
        await puppet.client.human("PUT tour", steps=STEPS[:1])
        await sees_step(visitor, "Hello")
        await visitor.keys("Enter")
        await puppet.client.human("PUT tour", steps=[])
        await expect(visitor.sidebar.get_by_role("button", name="Show the tour again")).to_have_count(0)


@pytest.mark.parametrize("size", [DESKTOP, PHONE, (360, 740)])
async def test_step_points_at_its_part_and_covers_none_of_it(
    open_page: Visit, puppet: Puppet, size: tuple[int, int]
) -> None:
    """Each step of the tour points at its part of the page and covers none of that part.

    On a phone the button of the closed channel list stands for what is in the list.
    """
    await puppet.client.human("PUT tour", steps=STEPS)
    width, height = size
    in_list = "#nav-toggle" if width < DESKTOP[0] else None
    parts = [
        None,
        in_list or f'#sidebar a[href="#{ALERTS}"]',
        "#main .controls .icon-button",
        "#main .composer .line",
        in_list or ".who",
    ]
    async with open_page(locale="en-US", size=size) as visitor:
        for at, part in enumerate(parts):
            await sees_step(visitor, STEPS[at]["title"]["en"])
            card = await tour(visitor).locator(".card").bounding_box()
            assert card
            assert card["x"] >= 0
            assert card["y"] >= 0
            assert card["x"] + card["width"] <= width
            assert card["y"] + card["height"] <= height
            if part == "#nav-toggle" and STEPS[at]["target"].startswith("channel:"):
                assert card["y"] > height / 2  # what it speaks of is seen above it
            ring = tour(visitor).locator(".ring")
            if part:
                there = await visitor.page.locator(part).bounding_box()
                assert there
                shown = await ring.bounding_box()
                assert shown
                assert abs(shown["x"] + 5 - there["x"]) < 2
                assert abs(shown["y"] + 5 - there["y"]) < 2
                assert card["y"] >= there["y"] + there["height"] or card["y"] + card["height"] <= there["y"]
            else:
                await expect(ring).to_be_hidden()
            await visitor.keys("Enter")
