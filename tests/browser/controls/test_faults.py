"""The drawer's faults: every kind there is, put together by hand, seen while it holds, lifted by itself."""

from random import Random
from typing import Any, Final

import pytest
from playwright.async_api import Locator, expect

from local_discord.faults.faults import DISPATCH_FAULTS, GATEWAY_FAULTS
from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import Puppet
from tests.browser.visitor.visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERYTHING: Final = {"route": "* /**"}
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "Answer with an error": {"status": 503},
    "Answer late": {"delay_s": 2},
    "Never answer": {"black_hole": True},
    "Reset before the effect": {"reset": "before"},
    "Reset after the effect": {"reset": "after"},
    "Malformed JSON": {"body": "malformed"},
    "Truncated body": {"body": "truncated"},
    "Cloudflare's HTML": {"body": "html", "status": 503},
    "429 (route)": {"status": 429, "scope": "user", "retry_after": 2},
    "429 (shared)": {"status": 429, "scope": "shared", "retry_after": 2},
    "429 (global)": {"status": 429, "scope": "global", "retry_after": 2},
}
EVENTS: Final[dict[str, dict[str, Any]]] = {
    "Lose events": {"gateway": "lose"},
    "Duplicate events": {"gateway": "duplicate"},
    "Delay events": {"gateway": "delay", "delay_s": 2},
    "Out of order": {"gateway": "reorder", "delay_s": 2},
}
ONCE: Final = {
    "Drop": "drop",
    "Drop, and forget the session": "drop",
    "Close with a code": "close",
    "Fall silent": "silent",
    "Fall deaf": "deaf",
    "Invalidate the session": "invalidate",
    "Ask to reconnect": "reconnect",
    "Ask for a heartbeat": "heartbeat",
}

BARE: Final = {*ONCE} - {"Close with a code"}  # they ask for nothing


async def open_faults(visitor: Visitor) -> Locator:
    """The drawer's second tab."""
    await visitor.press("Traffic and faults")
    await visitor.page.get_by_role("tab", name="Faults").click()
    return visitor.page.locator("#drawer")


async def listed(puppet: Puppet) -> list[dict[str, Any]]:
    """The faults in force, as they were asked for."""
    found = (await puppet.client.human("GET fault")).body["faults"]
    counts = ("id", "seen", "hits", "left", "times")
    return [{key: value for key, value in one.items() if key not in counts} for one in found]


async def test_every_kind_can_be_put_in_force_and_lifted(open_page: Visit, puppet: Puppet) -> None:
    """Chosen by its name it is what was meant, it is listed by that name, and it goes alone."""
    expected = [EVERYTHING | one for one in REQUESTS.values()] + [
        {"event": "*"} | one for one in EVENTS.values()
    ]
    async with open_page(locale="en-US") as visitor:
        drawer = await open_faults(visitor)
        rows = drawer.locator(".active-faults li")
        for number, name in enumerate([*REQUESTS, *EVENTS], 1):
            await drawer.get_by_label("Kind").select_option(label=name)
            await visitor.press("Put in force", within=drawer)
            await expect(rows).to_have_count(number)
            await expect(rows.last.locator("strong")).to_have_text(name)
        assert await listed(puppet) == expected
        await rows.nth(1).get_by_role("button", name="Lift").click()
        await expect(rows).to_have_count(len(expected) - 1)
        assert await listed(puppet) == [expected[0], *expected[2:]]


async def test_what_is_done_at_once(open_page: Visit, puppet: Puppet) -> None:
    """Each fault that acts at once reaches the gateway; the form offers every gateway fault of the API."""
    core = puppet.client.sandbox.core
    async with open_page(locale="en-US") as visitor:
        drawer = await open_faults(visitor)
        for name, kind in ONCE.items():
            since = core.log.next
            await drawer.get_by_label("Kind").select_option(label=name)
            await visitor.press("Do it now", within=drawer)
            wanted = {"for": "log", "kind": "fault", "since": since, "contains": kind}
            assert (await puppet.client.human("POST wait", **wanted)).body["timeout"] is False
    offered = {*ONCE.values(), *(one["gateway"] for one in EVENTS.values()), "down", "resume_down"}
    assert offered == {*GATEWAY_FAULTS, *DISPATCH_FAULTS}


# The shown fields that are too narrow or stick out of their form, and how many heights they have.
OUT_OF_PLACE: Final = """(form) => {
  const shown = [...form.querySelectorAll('.params input, .params select')].filter((one) => one.offsetParent);
  const inside = form.getBoundingClientRect();
  const boxes = shown.map((one) => one.getBoundingClientRect());
  return {
    narrow: boxes.filter((one) => one.width < 60 || one.right > inside.right).length,
    heights: new Set(boxes.map((one) => one.height)).size,
  };
}"""


async def test_every_field_of_the_form_can_be_used(open_page: Visit, puppet: Puppet) -> None:
    """Every field of the fault form is inside the form, wide enough to type in, as high as its neighbours.

    A status that is typed into the form is in force.
    """
    async with open_page(locale="en-US") as visitor:
        drawer = await open_faults(visitor)
        form = drawer.locator(".fault-form")
        for name in (*REQUESTS, *EVENTS, *ONCE):
            await drawer.get_by_label("Kind").select_option(label=name)
            assert await form.evaluate(OUT_OF_PLACE) == {"narrow": 0, "heights": int(name not in BARE)}
        await drawer.get_by_label("Kind").select_option(label="Cloudflare's HTML")
        await drawer.get_by_label("Status").click()
        await visitor.keys("Control+a")
        await visitor.type("520")
        await visitor.keys("Enter")
        await expect(drawer.locator(".active-faults li")).to_contain_text("520")
        assert await listed(puppet) == [EVERYTHING | {"body": "html", "status": 520}]


async def test_route_nth_probability_and_seed(open_page: Visit, puppet: Puppet) -> None:
    """A fault takes a route, nth call, probability and seed, and hits as these say.

    Without a count the fault holds until it is lifted.
    """
    async with open_page(locale="en-US") as visitor:
        drawer = await open_faults(visitor)
        await drawer.get_by_label("Method").select_option("POST")
        await drawer.get_by_label("Path", exact=True).fill("/channels/*/messages")
        await drawer.get_by_label("Status").fill("500")
        await drawer.get_by_label("Times").fill("")
        await drawer.get_by_text("More", exact=True).click()
        for name, value in (("From the nth", "2"), ("Probability %", "50"), ("Seed", "7")):
            await drawer.get_by_label(name).fill(value)
        await drawer.get_by_label("The effect happens; only the answer is lost").check()
        await drawer.get_by_label("Seed").press("Enter")
        row = drawer.locator(".active-faults li", has_text="POST /channels/*/messages")
        await expect(row).to_contain_text("500 · 50 %")
        await expect(row).to_contain_text("until lifted")
        chances = {"nth": 2, "probability": 0.5, "seed": 7, "after": True}
        assert await listed(puppet) == [{"route": "POST /channels/*/messages", "status": 500} | chances]
        chance = Random(7)
        expected = [200] + [500 if chance.random() < 0.5 else 200 for _ in range(6)]
        post = f"POST /channels/{GENERAL}/messages"
        assert [(await puppet.client.api(post, {"content": "x"})).status for _ in expected] == expected
        await row.get_by_role("button", name="Lift").click()
        await expect(row).to_have_count(0)
        assert await listed(puppet) == []


async def test_a_gateway_that_is_down_lifts_only_itself(open_page: Visit, puppet: Puppet) -> None:
    """Lifting the gateway's outage, by the switch or in the list, leaves the other faults in force."""
    for route in ("POST /x", "PUT /y"):
        await puppet.client.human("POST fault", route=route, status=429, retry_after=1, times=None)
    await puppet.client.human("POST fault", gateway="resume_down")
    desk = puppet.client.sandbox.desk
    async with open_page(locale="en-US") as visitor:
        drawer = await open_faults(visitor)
        before = await listed(puppet)
        down = drawer.get_by_role("switch", name="Gateway is down")
        for lift in (
            down,
            drawer.locator("li", has_text="Gateway is down").get_by_role("button", name="Lift"),
        ):
            await down.click()
            await expect(down).to_be_checked()
            assert desk.gateway_down
            await lift.click()
            await expect(down).not_to_be_checked()
            assert (await listed(puppet), desk.gateway_down, desk.resume_down) == (before, False, True)


async def test_the_faults_fit_a_phone(open_page: Visit) -> None:
    """On a phone, in Japanese, neither the page nor the panel of faults is wider than the screen."""
    async with open_page(locale="ja-JP", size=(390, 844)) as visitor:
        await visitor.press("通信ログと障害")
        await visitor.page.get_by_role("tab", name="障害").click()
        panel = visitor.page.locator("#panel-faults")
        for kind in await panel.get_by_label("種類").locator("option").all():
            await panel.get_by_label("種類").select_option(await kind.get_attribute("value"))
            for one in (panel, visitor.page.locator(":root")):
                assert await one.evaluate("(one) => one.scrollWidth - one.clientWidth") <= 0
