"""Calendar feeds on PostgreSQL and over HTTP: made, read, unchanged, revoked, guessed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from bot.domain.errors import ConfigError, DeliveryRefused, NotPermitted, UpstreamUnavailable, UserError
from bot.domain.people import Person
from bot.integrations.public_server import serve_public
from bot.runbook import default_policy_text, parse_policy
from cogs.feeds import site
from cogs.feeds.doctor import check_address
from cogs.feeds.rules import Feed
from cogs.feeds.screens import feed_screen
from cogs.feeds.site import answering
from cogs.feeds.use_cases import CalendarFeeds, FeedView
from tests.cogs.feeds.readers import summaries
from tests.services.desk import GUILD, PRIMARY, PUBLIC, RESPONDER, Desk
from tests.unit.ui.screens import JA, words

ME = replace(PRIMARY, username="primary")
OTHER = replace(RESPONDER, username="responder")


def feeds(desk: Desk) -> CalendarFeeds:
    """The use cases."""
    return desk.services.of(CalendarFeeds)


async def path_of(desk: Desk, place: str = "", *, by: Person = ME) -> str:
    """The path of a new address."""
    view = await feeds(desk).renew(place, by=by)
    assert view.url is not None
    assert view.url.startswith(f"{PUBLIC}/calendar/")
    return view.url.removeprefix(PUBLIC)


@asynccontextmanager
async def port(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A program that reads the port of a bot."""
    async with (
        answering(desk.store, {GUILD: feeds(desk)}) as routes,
        serve_public([routes], host="127.0.0.1", port=0) as number,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{number}", trust_env=False) as reader,
    ):
        yield reader


async def test_a_program_reads_it_once_and_asks_if_it_has_changed(desk: Desk) -> None:
    """Two readers find the shifts; the same ETag later is 304, until who is on call has changed."""
    path = await path_of(desk, "primary")
    async with port(desk) as reader:
        first = await reader.get(path)
        assert first.status_code == 200
        assert first.headers["content-type"] == "text/calendar; charset=utf-8"
        assert first.headers["cache-control"] == "private, max-age=900"
        assert summaries(first.content) == ["primary：primary"]
        await desk.pass_time(hours=30)
        tag = first.headers["etag"]
        again = await reader.get(path, headers={"If-None-Match": f'"other", W/{tag}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        head = await reader.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == tag
        await desk.database.fetch(
            "INSERT INTO oncall_overrides (guild_id, place, user_id, username, name, starts_at, ends_at,"
            " by_id, by_name, reason, is_swap)"
            " VALUES ($1, 'primary', 9, 'cho', 'Cho', $2, $3, 1, 'x', '', false)",
            GUILD,
            desk.clock.time,
            desk.clock.time + timedelta(hours=8),
        )
        changed = await reader.get(path, headers={"If-None-Match": tag})
        assert changed.status_code == 200
        assert summaries(changed.content) == ["primary：primary", "primary：Cho", "primary：primary"]


async def test_own_shifts_are_nobody_elses(desk: Desk) -> None:
    """A person without shifts has an empty calendar, which is one."""
    mine, theirs = await path_of(desk), await path_of(desk, by=OTHER)
    async with port(desk) as reader:
        assert summaries((await reader.get(mine)).content) == ["当番：primary"]
        assert summaries((await reader.get(theirs)).content) == []


async def test_an_address_is_shown_once_and_a_new_one_ends_it(desk: Desk) -> None:
    """Asking again says only since when there is one; a revoked address is as unknown as a guessed one."""
    first = (await feeds(desk).open("", by=ME)).url
    assert first is not None
    assert (await feeds(desk).open("", by=ME)).url is None
    rows = await desk.database.fetch("SELECT * FROM calendar_feeds")
    secret = first.removeprefix(f"{PUBLIC}/calendar/").removesuffix(".ics")
    assert secret not in str([dict(row) for row in rows])
    second = await path_of(desk)
    async with port(desk) as reader:
        unknown = await reader.get(f"/calendar/{'x' * 43}.ics")
        ended = await reader.get(first.removeprefix(PUBLIC))
        assert (
            (ended.status_code, ended.content)
            == (unknown.status_code, unknown.content)
            == (404, b"Not Found\n")
        )
        assert (await reader.get(second)).status_code == 200
        assert await feeds(desk).revoke("", by=ME)
        assert not await feeds(desk).revoke("", by=ME)
        assert (await reader.get(second)).status_code == 404
    actions = [row.action for row in await desk.database.audit_rows()]
    assert actions.count("calendar_feed_made") == 2
    assert actions.count("calendar_feed_revoked") == 1


async def test_guesses_are_few_and_shut_no_one_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a minute's worth of unknown addresses more are refused; a known one is answered all the time."""
    monkeypatch.setattr(site, "MOST_GUESSES", 3)
    path = await path_of(desk)
    async with port(desk) as reader:
        assert (await reader.get(path)).status_code == 200
        guesses = [await reader.get(f"/calendar/{sign * 43}.ics") for sign in "abcde"]
        assert [each.status_code for each in guesses] == [404, 404, 404, 429, 429]
        assert guesses[-1].headers["retry-after"] == "60"
        assert (await reader.get(path)).status_code == 200
        assert (await reader.get("/calendar/short.ics")).status_code == 404


async def test_without_the_database_a_program_is_asked_to_come_again(desk: Desk) -> None:
    """The address is not taken for a revoked one."""
    path = await path_of(desk)
    async with port(desk) as reader:
        desk.database.is_away = True
        try:
            away = await reader.get(path)
        finally:
            desk.database.is_away = False
        assert (away.status_code, away.headers["retry-after"]) == (503, "60")
        assert (await reader.get(path)).status_code == 200


async def test_a_person_who_leaves_loses_their_addresses(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within hours of leaving; while Discord is away every address stays."""
    path = await path_of(desk)
    answer: list[Exception | Person] = [UpstreamUnavailable("Discord is away")]

    async def member(_fake: object, _guild_id: int, _discord: str) -> Person:
        if isinstance(answer[0], Exception):
            raise answer[0]
        return answer[0]

    monkeypatch.setattr(type(desk.discord), "member", member)
    async with port(desk) as reader:
        for said, status in (
            (answer[0], 200),
            (ME, 200),
            (replace(ME, roles=frozenset()), 404),
        ):
            answer[0] = said
            await desk.database.advance(timedelta(hours=7))
            await feeds(desk).look()
            assert (await reader.get(path)).status_code == status
        path = await path_of(desk)
        answer[0] = DeliveryRefused("Unknown Member", http_status=404, code=10007)
        await feeds(desk).look()
        assert (await reader.get(path)).status_code == 200  # it was looked at a moment ago
        await desk.database.advance(timedelta(hours=7))
        await feeds(desk).look()
        assert (await reader.get(path)).status_code == 404


async def test_what_cannot_be_given_is_refused(desk: Desk) -> None:
    """An unknown place, a person who may not respond, and a bot without a public address."""
    with pytest.raises(UserError) as refused:
        await feeds(desk).open("nowhere", by=ME)
    assert refused.value.key == "feeds_no_place"
    with pytest.raises(NotPermitted):
        await feeds(desk).open("", by=replace(ME, roles=frozenset()))
    desk.opened["feeds"] = None
    desk.use(desk.discord)
    with pytest.raises(UserError) as refused:
        await feeds(desk).open("", by=ME)
    assert refused.value.key == "feeds_not_set_up"


async def test_the_doctor_says_what_is_missing(desk: Desk) -> None:
    """It names the settings, and where the address must lead."""
    lacking = check_address(desk.policy, public_url=None, port=1)
    assert lacking.said == "no addresses are given: PUBLIC_URL not set"
    assert "/calendar/" in check_address(desk.policy, public_url=PUBLIC, port=1).said
    off = replace(desk.policy, off=("oncall",))
    assert "/oncall is switched off" in check_address(off, public_url=PUBLIC, port=1).said


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_steps_name_the_address_that_is_shown(scheme: str) -> None:
    """A bot on one's own machine may have an address without TLS."""
    feed = Feed(GUILD, ME.id, "", ME.name, ME.username, datetime(2026, 12, 1, tzinfo=UTC))
    said = words(feed_screen(JA, FeedView(feed, f"{scheme}://127.0.0.1:8080/calendar/x.ics")))
    assert f"に {scheme} のアドレスを貼り付けます" in said


def test_a_table_without_keys_allows_none() -> None:
    """The line about a key there ends with a word."""
    with pytest.raises(ConfigError, match=r"^feeds.x: is not a key here; allowed: none$"):
        parse_policy(f"{default_policy_text()}\n[feeds]\nx = 1\n", name="policy.toml")
