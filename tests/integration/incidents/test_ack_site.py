"""The page behind the link, over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from structlog.testing import capture_logs

from bot.domain.incident.transitions import AckVia
from bot.i18n import Texts
from bot.process.ack_site import LONGEST, AckSite, GuildAckLinks, LinkRateLimiter, preferred
from bot.process.health import Health, serve_health
from bot.services.acknowledging.email_links import PATH
from bot.storage.tables.incidents import IncidentRows
from bot.ui.ack_page import AckPage
from tests.by_person import name_of, time_of
from tests.services.acknowledging.test_email_links import mailed
from tests.services.desk import GUILD, RESPONDER, SECONDARY, Desk


async def nothing(_states: object) -> bytes:
    """No figures."""
    return b""


@asynccontextmanager
async def site(desk: Desk, *, per_minute: int = 120, per_link: int = 60) -> AsyncIterator[httpx.AsyncClient]:
    """The site of *desk*, and a browser."""
    links = {GUILD: GuildAckLinks(desk.links, AckPage(Texts.load(), desk.policy))}
    made = AckSite(links, LinkRateLimiter(per_minute=per_minute, per_link=per_link))
    serving = serve_health(Health({}, nothing), host="127.0.0.1", port=0, beside=made.routes)
    async with (
        serving as port,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as browser,
    ):
        yield browser


async def test_get_shows_and_post_acknowledges(desk: Desk) -> None:
    """The whole way of a person: look, press, and a second press that says it is used."""
    token, _ = await mailed(desk)
    async with site(desk) as browser:
        shown = await browser.get(PATH + token, headers={"Accept-Language": "ja,en;q=0.5"})
        assert shown.status_code == 200
        for part in ("対応しますか？", "決済 API が 5xx", "@primary として", '<form method="post">'):
            assert part in shown.text
        assert time_of((await IncidentRows(desk.store.sql).incident(1)).acknowledged) is None
        done = await browser.post(PATH + token, headers={"Accept-Language": "en"})
        assert done.status_code == 200
        assert "Acknowledged" in done.text
        assert "<form" not in done.text
        assert name_of((await IncidentRows(desk.store.sql).incident(1)).acknowledged) == "primary"
        again = await browser.post(PATH + token)
        assert again.status_code == 409
        assert "使用済み" in again.text


async def test_the_page_names_who_has_it_now(desk: Desk) -> None:
    """The person who took over is named, not the one who acknowledged first."""
    token, _ = await mailed(desk)
    for who in (SECONDARY, RESPONDER):
        await desk.acknowledger.acknowledge(1, by=who, via=AckVia.BUTTON)
    await desk.releasing.release(1, by=SECONDARY)
    async with site(desk) as browser:
        shown = await browser.get(PATH + token, headers={"Accept-Language": "en"})
    assert "responder has been on it since" in shown.text
    assert "secondary" not in shown.text


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
    assert time_of((await IncidentRows(desk.store.sql).incident(1)).acknowledged) is None


async def test_the_database_is_away(desk: Desk) -> None:
    """The page says what to do instead."""
    token, _ = await mailed(desk)
    desk.database.is_away = True
    async with site(desk) as browser:
        said = await browser.post(PATH + token)
    assert said.status_code == 503
    assert "👀" in said.text


async def test_too_many_are_not_looked_at(desk: Desk) -> None:
    """After five wrong links within a minute, the same browser gets 429, so that guessing is slow."""
    async with site(desk, per_minute=5) as browser:
        statuses = [(await browser.get(f"{PATH}{number}")).status_code for number in range(8)]
    assert statuses == [404] * 5 + [429] * 3


async def test_a_flood_of_strangers_shuts_no_link(desk: Desk) -> None:
    """A flood of invalid links does not keep a valid one from working."""
    token, _ = await mailed(desk)
    _, guild_id, signed = token.split(".", 2)
    made_up = ("0", f"{token[:-3]}AAA", f"{'0' * 8}.{guild_id}.{signed[:-1]}", "x" * (LONGEST + 1))
    async with site(desk, per_minute=5) as browser:

        async def flood() -> set[int]:
            return {(await browser.post(PATH + made_up[n % 4])).status_code for n in range(60)}

        assert await flood() == {404, 429}
        assert await flood() == {429}
        begun, shown, _ = await asyncio.gather(flood(), browser.get(PATH + token), flood())
        assert (begun, shown.status_code) == ({429}, 200)
        _, pressed = await asyncio.gather(flood(), browser.post(PATH + token))
        assert pressed.status_code == 200
    assert name_of((await IncidentRows(desk.store.sql).incident(1)).acknowledged) == "primary"


async def test_one_link_is_not_looked_at_without_end(desk: Desk) -> None:
    """After five attempts with one signed part, a link gets 429, whatever stands before that part.

    A link with another signed part is still looked at.
    """
    token, _ = await mailed(desk)
    signed = token.split(".", 2)[2]
    async with site(desk, per_link=5) as browser:
        await browser.get(PATH + "the-first-is-a-stranger")
        statuses = [(await browser.get(f"{PATH}{n:08}.{GUILD}.{signed}")).status_code for n in range(8)]
        assert (await browser.get(f"{PATH}0")).status_code == 404
    assert statuses == [404] * 5 + [429] * 3


def test_only_so_many_links_are_counted() -> None:
    """Requests are counted only for the thousand links that came last; an older link starts anew."""
    limiter = LinkRateLimiter(per_link=1)
    assert all(limiter.admits(str(number)) for number in range(1_001))
    assert not limiter.admits("1000")
    assert limiter.admits("0")


async def test_the_database_comes_back(desk: Desk) -> None:
    """A valid link works as soon as the database is back."""
    token, _ = await mailed(desk)
    async with site(desk, per_minute=3) as browser:
        desk.database.is_away = True
        assert (await browser.get(PATH + token)).status_code == 503
        desk.database.is_away = False
        statuses = [(await browser.get(PATH + token)).status_code for _ in range(5)]
    assert statuses == [200] * 5


async def test_a_title_is_text(desk: Desk) -> None:
    """HTML in a title is escaped on the page."""
    token, _ = await mailed(desk)
    await desk.database.fetch("UPDATE incidents SET title = '<img src=x onerror=alert(1)>'")
    async with site(desk) as browser:
        assert "<img" not in (await browser.get(PATH + token)).text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("en-GB,en;q=0.9", "en"), ("ja", "ja"), ("fr, en;q=0.5", "en"), ("fr", "ja"), ("", "ja")],
)
def test_the_language_of_whoever_looks(accepted: str, language: str) -> None:
    """The page is in a language that the visitor accepts, or else in the team's."""
    assert preferred(accepted, default="ja") == language
