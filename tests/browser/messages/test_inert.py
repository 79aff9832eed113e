"""Whatever people and bots write stays text: nothing of it runs, loads or becomes markup."""

from typing import Any

import pytest
from playwright.async_api import expect

from local_discord.tests.client import GENERAL
from tests.browser.conftest import Visit
from tests.browser.visitor.puppet import MODAL, V2, Puppet

pytestmark = pytest.mark.asyncio(loop_scope="session")
BOOM = '<img src=x onerror="window.boom=1"><script>window.boom=1</script>'
LINKS = (
    "[a](javascript:window.boom=1) [b](data:text/html,<script>window.boom=1</script>) <javascript:alert(1)>"
)
DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg"><script>window.boom = 1</script></svg>'
EMBED: dict[str, Any] = {
    "title": BOOM,
    "description": BOOM + LINKS,
    "fields": [{"name": BOOM, "value": BOOM}],
    "footer": {"text": BOOM},
    "author": {"name": BOOM},
}


async def test_markup_everywhere_is_text(open_page: Visit, puppet: Puppet) -> None:
    """Markup in messages, embeds, components, names, forms or the log neither runs nor becomes elements."""
    client = puppet.client
    posted = await client.post(GENERAL, content=BOOM + LINKS, embeds=[EMBED])
    await client.api(f"POST /channels/{GENERAL}/messages/{posted['id']}/threads", {"name": BOOM[:100]})
    buttons = [{"type": 2, "style": 1, "custom_id": "x", "label": BOOM[:80]}]
    await client.post(
        GENERAL, flags=V2, components=[{"type": 10, "content": BOOM}, {"type": 1, "components": buttons}]
    )
    await client.human("PATCH member", user="primary", nick=BOOM[:32])
    await client.human("POST say", user="primary", channel="general", content=BOOM)
    async with open_page(locale="en-US") as visitor:
        await visitor.page.get_by_role("button", name="Member list").click()
        await visitor.page.get_by_role("button", name="Traffic and faults").click()
        await visitor.press(BOOM[:80])
        field = {
            "type": 18,
            "label": BOOM[:45],
            "component": {"type": 4, "custom_id": "f", "style": 1, "value": BOOM},
        }
        await puppet.answer(MODAL, custom_id="m", title=BOOM[:45], components=[field])
        await expect(visitor.page.get_by_role("dialog")).to_contain_text(BOOM[:45])
        assert await visitor.page.evaluate("() => window.boom") is None
        assert await visitor.page.locator("img[src=x], script:not([src])").count() == 0
        hrefs = await visitor.page.eval_on_selector_all("a[href]", "(all) => all.map((one) => one.protocol)")
        assert set(hrefs) <= {"http:", "https:"}


async def test_page_allows_no_foreign_code(puppet: Puppet) -> None:
    """The page's policy lets only its own files run."""
    origin = puppet.client.sandbox.core.origin
    async with puppet.client.http.get(origin) as response:
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
    async with puppet.client.http.get(f"{origin}/_page/..%2f..%2fserver.py") as response:
        assert response.status == 404


async def test_nonsense_on_the_socket_is_passed_over(puppet: Puppet) -> None:
    """Frames that make no sense neither end the connection nor break the sandbox."""
    origin = puppet.client.sandbox.core.origin
    async with puppet.client.http.ws_connect(f"{origin}/_page/ws") as socket:
        for nonsense in (
            "",
            "[]",
            "7",
            '{"op":"view"}',
            '{"op":"view","as":"9","channels":7}',
            '{"op":"older"}',
        ):
            await socket.send_str(nonsense)
        await socket.send_json({"op": "view", "as": "1100000000000000103", "channels": [GENERAL, "9"]})
        assert (await socket.receive_json(timeout=5))["op"] == "state"


async def test_attached_pages_run_nothing(open_page: Visit, puppet: Puppet) -> None:
    """Followed like any link, a page or drawing that somebody attached is saved instead of opened."""
    await puppet.post_file(GENERAL, "report.html", "text/html", b"<script>window.boom = 1</script>")
    await puppet.post_file(GENERAL, "drawing.svg", "image/svg+xml", DRAWING)
    async with open_page(locale="en-US") as visitor:
        for name in ("report.html", "drawing.svg"):
            link = visitor.main.get_by_role("link", name=f"Download {name}")
            await link.evaluate("(one) => one.removeAttribute('download')")
            async with visitor.page.expect_download() as saved:
                await link.click()
            assert (await saved.value).suggested_filename == name
        await visitor.sees("drawing.svg")
