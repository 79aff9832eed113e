"""The page behind the link, over real HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from structlog.testing import capture_logs

from bot.i18n import Texts
from bot.process.ack_site import LONGEST, AckSite, Allowance, preferred
from bot.process.ack_site import Desk as Served
from bot.process.health import Health, serve_health
from bot.services.links import PATH
from bot.ui.ack_page import AckPage
from tests.unit.services.desk import GUILD, Desk
from tests.unit.services.test_links import mailed


async def nothing(_states: object) -> bytes:
    """No figures."""
    return b""


@asynccontextmanager
async def site(desk: Desk, *, per_minute: int = 120) -> AsyncIterator[httpx.AsyncClient]:
    """The site of *desk*, and a browser."""
    made = AckSite({GUILD: Served(desk.links, AckPage(Texts.load(), desk.policy))}, Allowance(per_minute))
    serving = serve_health(Health({}, nothing), host="127.0.0.1", port=0, beside=made.routes)
    async with (
        serving as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser,
    ):
        yield browser


@pytest.fixture
def desk() -> Desk:
    """The use cases on fakes."""
    return Desk()


async def test_get_shows_and_post_acknowledges(desk: Desk) -> None:
    """The whole way of a person: look, press, and a second press that says it is used."""
    token, _ = await mailed(desk)
    async with site(desk) as browser:
        shown = await browser.get(PATH + token, headers={"Accept-Language": "ja,en;q=0.5"})
        assert shown.status_code == 200
        for part in ("対応しますか？", "決済 API が 5xx", "@primary として", '<form method="post">'):
            assert part in shown.text
        assert (await desk.store.incident(1)).acknowledged_at is None
        done = await browser.post(PATH + token, headers={"Accept-Language": "en"})
        assert done.status_code == 200
        assert "Acknowledged" in done.text
        assert "<form" not in done.text
        assert (await desk.store.incident(1)).acknowledged_by_name == "primary"
        again = await browser.post(PATH + token)
        assert again.status_code == 409
        assert "使用済み" in again.text


async def test_nothing_leaks(desk: Desk) -> None:
    """No referrer, no script, nothing from elsewhere, nothing kept; and no log has the address."""
    token, _ = await mailed(desk)
    with capture_logs() as logged:
        async with site(desk) as browser:
            shown = await browser.get(PATH + token)
            await browser.post(PATH + token)
    assert shown.headers["Referrer-Policy"] == "no-referrer"
    assert shown.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in shown.headers["Content-Security-Policy"]
    assert "unsafe" not in shown.headers["Content-Security-Policy"]
    assert "<script" not in shown.text
    assert "src=" not in shown.text
    assert token not in str(logged)
    assert token.rpartition(".")[2] not in str(logged)


async def test_each_dead_end_is_a_page(desk: Desk) -> None:
    """Broken, foreign, far too long; HEAD acknowledges as little as GET."""
    token, _ = await mailed(desk)
    async with site(desk) as browser:
        assert (await browser.head(PATH + token)).status_code == 200
        for wrong in (token[:-2], "0" * 8 + "." + token, "x" * (LONGEST + 1)):
            said = await browser.post(PATH + wrong)
            assert said.status_code == 404
            assert "<h1>このリンクは" in said.text
        assert (await browser.post(PATH + token, content=b"x" * 5_000)).status_code == 413
        assert (await browser.put(PATH + token)).status_code == 405
    assert (await desk.store.incident(1)).acknowledged_at is None


async def test_the_database_is_away(desk: Desk) -> None:
    """The page says what to do instead."""
    token, _ = await mailed(desk)
    desk.store.is_away = True
    async with site(desk) as browser:
        said = await browser.post(PATH + token)
    assert said.status_code == 503
    assert "👀" in said.text


async def test_too_many_are_not_looked_at(desk: Desk) -> None:
    """Guessing is slow."""
    async with site(desk, per_minute=5) as browser:
        statuses = [(await browser.get(f"{PATH}{number}")).status_code for number in range(8)]
    assert statuses == [404] * 5 + [429] * 3


async def test_a_title_is_text(desk: Desk) -> None:
    """Whatever somebody typed."""
    token, _ = await mailed(desk)
    async with desk.store.transaction() as tx:
        hostile = replace(tx.state.incidents[1], title="<img src=x onerror=alert(1)>")
        tx.state.incidents[1] = hostile
    async with site(desk) as browser:
        assert "<img" not in (await browser.get(PATH + token)).text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("en-GB,en;q=0.9", "en"), ("ja", "ja"), ("fr, en;q=0.5", "en"), ("fr", "ja"), ("", "ja")],
)
def test_the_language_of_whoever_looks(accepted: str, language: str) -> None:
    """Or the team's."""
    assert preferred(accepted, default="ja") == language
