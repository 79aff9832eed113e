"""What goes wrong between us and Discord becomes one of two errors, within our own deadline."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.domain.delivery.kinds import AnyDeliveryKind, DeliveryKind
from bot.domain.errors import Crowded, DeletedSince, DeliveryRefused, UpstreamUnavailable
from bot.domain.jobs import urgency
from bot.services.shared import fencing
from bot.services.shared.fencing import boot_s, fresh
from local_discord.messages.posting import remove
from local_discord.messages.reacting import react
from local_discord.world.permissions import P
from local_discord.world.world import Overwrite
from tests.integration.discord_api.notifier_world import (
    ALERTS,
    GUILD,
    INCIDENT,
    PRIMARY,
    NotifierWorld,
    owed,
    running_world,
    sent,
)
from tests.patience import PATIENCE_S

ALERT = owed(DeliveryKind.ALERT, to="channel:p0-alerts")
BOT_ROLE = "1100000000000000204"


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[NotifierWorld]:
    """A fresh Discord, which we wait for two seconds."""
    async with running_world(monkeypatch) as fresh:
        await fresh.notifier.compose(ALERT, INCIDENT)
        fresh.notifier = fresh.make(deadline_s=2.0)
        yield fresh


async def away(asked: Awaitable[object]) -> UpstreamUnavailable:
    """The error of what may work later."""
    with pytest.raises(UpstreamUnavailable) as error:
        await asked
    return error.value


async def refused(asked: Awaitable[object]) -> tuple[int, int]:
    """HTTP status and code of what never will."""
    with pytest.raises(DeliveryRefused) as error:
        await asked
    return error.value.http_status, error.value.code


async def test_who_was_stopped_does_not_go_on(world: NotifierWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt that has slept is not made: another one may have been, under a nonce that is forgotten."""
    with fresh():
        assert (await world.deliver(ALERT)).message_id
        slept_s = boot_s() + 61
        monkeypatch.setattr(fencing, "boot_s", lambda: slept_s)
        with pytest.raises(Crowded):
            await world.deliver(replace(ALERT, nonce="another"))
    assert len(world.messages(ALERTS)) == 1


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ({"status": 503}, 503, "HTTP 503"),
        ({"status": 403, "code": 40003, "message": "too fast"}, 403, "HTTP 403 40003"),
        ({"status": 403, "code": 40004, "message": "not now"}, 403, "HTTP 403 40004"),
        ({"status": 400, "code": 40006, "message": "disabled"}, 400, "HTTP 400 40006"),
        ({"status": 403, "code": 20029, "message": "slow mode"}, 403, "HTTP 403 20029"),
        ({"status": 502, "times": None}, 502, "no answer within 2 s"),
        ({"status": 502, "body": "html", "times": None}, 502, "no answer within 2 s"),
        ({"status": 429, "retry_after": 20.0, "times": None}, 429, "rate limited"),
        ({"status": 429, "body": "html"}, 429, "HTTP 429"),
        ({"status": 403, "body": "html"}, 403, "HTTP 403 without JSON"),
        ({"delay_s": 3.0}, None, "no answer within 2 s"),
        ({"reset": "before"}, None, "connection failed"),
        ({"body": "malformed"}, 200, "unreadable answer: malformed JSON"),
    ],
)
async def test_what_may_work_later(
    world: NotifierWorld, fault: dict[str, object], status: int | None, reason: str
) -> None:
    """The status is kept where there was one, and nothing of the message is in the reason."""
    world.break_down(fault)
    error = await away(world.deliver(ALERT))
    assert error.http_status == status
    assert error.reason.startswith(reason)
    assert "決済" not in str(error)


async def test_discords_wish_to_wait_is_passed_on(world: NotifierWorld) -> None:
    """The error has Discord's `retry_after`, which decides when the next attempt makes sense."""
    world.break_down({"status": 429, "retry_after": 20.0})
    error = await away(world.deliver(ALERT))
    assert error.retry_after_s is not None
    assert 20.0 <= error.retry_after_s <= 21.0


async def test_a_global_limit_is_kept_by_all_and_ends(world: NotifierWorld) -> None:
    """During a global limit no request is sent and no handler waits; afterwards requests work again."""
    page = owed(DeliveryKind.PAGE, to="person:primary")
    await world.deliver(page, nonce="n1")
    world.break_down({"status": 429, "retry_after": 1.5, "global": True})
    with urgency(100):
        assert (await away(world.deliver(ALERT))).http_status == 429
        asked = world.sandbox.core.log.next
        crowded = await away(world.deliver(page, nonce="n2"))
    assert isinstance(crowded, Crowded)
    assert world.sandbox.core.log.next == asked
    world.notifier = world.make(deadline_s=5.0, gate=world.notifier.gate)
    await world.deliver(page, nonce="n2")  # for a person it waits


async def test_a_cancelled_wait_in_a_global_limit_blocks_nothing_either(world: NotifierWorld) -> None:
    """A job that is stopped, for instance."""
    world.notifier = world.make()
    world.break_down({"status": 429, "retry_after": 0.9, "global": True})
    waiting = asyncio.create_task(world.deliver(ALERT))
    async with asyncio.timeout(PATIENCE_S):
        while world.client.http._global_over.is_set():  # noqa: ASYNC110  # nobody tells when it closes
            await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await world.deliver(owed(DeliveryKind.PAGE, to="person:primary"), nonce="n2")


async def test_a_client_that_may_not_wait_says_so_at_once(world: NotifierWorld) -> None:
    """A wait longer than discord.py's `max_ratelimit_timeout` fails the request at once and is told."""
    world.client.http.max_ratelimit_timeout = 30.0
    world.break_down({"status": 429, "retry_after": 40.0})
    error = await away(world.deliver(ALERT))
    assert (error.http_status, error.retry_after_s) == (429, 40.0)


async def test_a_retry_after_that_is_no_number_is_ignored(world: NotifierWorld) -> None:
    """A `Retry-After` with a date is ignored: HTTP allows a date there, but Discord never sends one."""
    world.break_down({"status": 503, "headers": {"Retry-After": "Tue, 24 Nov 2026 05:07:00 GMT"}})
    assert (await away(world.deliver(ALERT))).retry_after_s is None


@pytest.mark.parametrize(
    "fault", [{"reset": "after"}, {"body": "malformed"}, {"delay_s": 3.0, "after": True}]
)
async def test_what_came_through_all_the_same_is_found(
    world: NotifierWorld, fault: dict[str, object]
) -> None:
    """The answer was lost, the message is there: it is adopted, and the nonce would give it back too."""
    begun = datetime.now(UTC)
    request = await world.notifier.compose(ALERT, INCIDENT)
    world.break_down(fault)
    await away(world.notifier.send(request, nonce="n1"))
    found = await world.notifier.find(request, since=begun)
    assert found is not None
    assert found.pinged
    assert await world.notifier.send(request, nonce="n1") == found
    assert len(world.messages(ALERTS)) == 1


@pytest.mark.parametrize(("code", "status"), [(200000, 400), (50278, 403), (0, 401), (40333, 403)])
async def test_what_never_will(world: NotifierWorld, code: int, status: int) -> None:
    """AutoMod, a closed DM, a revoked token, ...: a repeat changes nothing."""
    world.break_down({"status": status, "code": code, "message": "no"})
    assert await refused(world.deliver(ALERT)) == (status, code)


async def test_refusals_of_a_real_kind(world: NotifierWorld) -> None:
    """No permission, no access, a DM refused, a message that is gone, a body that is wrong."""
    request = await world.notifier.compose(ALERT, INCIDENT)
    world.channel(ALERTS).overwrites[BOT_ROLE] = Overwrite(BOT_ROLE, 0, deny=int(P.SEND_MESSAGES))
    assert await refused(world.notifier.send(request, nonce="n1")) == (403, 50013)
    world.channel(ALERTS).overwrites[BOT_ROLE] = Overwrite(BOT_ROLE, 0, deny=int(P.VIEW_CHANNEL))
    assert await refused(world.notifier.send(request, nonce="n1")) == (403, 50001)
    assert await refused(world.notifier.find(request, since=datetime.now(UTC))) == (403, 50001)
    world.channel(ALERTS).overwrites.clear()
    seed = owed(DeliveryKind.SEED_ACK, after=(ALERTS, 1100000000000009999))
    assert await refused(world.deliver(seed)) == (404, 10008)
    world.world.application.quarantined = True
    assert await refused(world.deliver(owed(DeliveryKind.PAGE, to="person:secondary"))) == (403, 20026)
    world.world.application.quarantined = False
    world.world.users[str(PRIMARY)].accepts_dms = False
    assert await refused(world.deliver(owed(DeliveryKind.PAGE, to="person:primary"))) == (403, 50007)


async def test_a_hidden_channel_is_found_once_it_may_be_viewed(world: NotifierWorld) -> None:
    """The refusal says that the bot may not view it, and the same notifier posts there when it may."""
    world.channel(ALERTS).overwrites[BOT_ROLE] = Overwrite(BOT_ROLE, 0, deny=int(P.VIEW_CHANNEL))
    with pytest.raises(DeliveryRefused, match="no channel #p0-alerts that the bot may view"):
        await world.deliver(ALERT)
    world.channel(ALERTS).overwrites.clear()
    assert (await world.deliver(ALERT)).channel_id == ALERTS


async def test_a_message_that_was_deleted_since_is_not_made_again(world: NotifierWorld) -> None:
    """A message that was posted and then deleted is reported as deleted, and its nonce posts nothing anew."""
    request = await world.notifier.compose(ALERT, INCIDENT)
    posted = await world.notifier.send(request, nonce="n1")
    remove(world.sandbox.core, world.message(posted))
    with pytest.raises(DeletedSince) as deleted:
        await world.notifier.send(request, nonce="n1")
    assert deleted.value.channel_id == posted.channel_id
    assert world.messages(ALERTS) == []


async def test_composing_while_discord_is_away(world: NotifierWorld) -> None:
    """Composing that fails while Discord is away remembers nothing wrongly: it succeeds on the next try."""
    fresh = world.make()
    world.break_down({"status": 503}, route="GET /guilds/*/channels")
    assert (await away(fresh.compose(ALERT, INCIDENT))).http_status == 503
    assert (await fresh.compose(ALERT, INCIDENT)).channel_id == ALERTS


@pytest.mark.parametrize("kind", [DeliveryKind.THREAD, DeliveryKind.THREAD_START, DeliveryKind.NOTICE])
async def test_what_hangs_on_nothing_waits(world: NotifierWorld, kind: AnyDeliveryKind) -> None:
    """The message before it is not known yet."""
    asked = owed(kind, data={"notice": "resolved"})
    assert "not there yet" in (await away(world.notifier.compose(asked, INCIDENT))).reason


async def read_eyes(world: NotifierWorld) -> None:
    """Read the 👀 of an alert."""
    posted = await world.deliver(ALERT)
    places = [(posted.channel_id, posted.message_id)]
    async for _ in world.notifier.acknowledgers(places, guild_id=GUILD):
        pass


async def test_readings_say_when_discord_is_away(world: NotifierWorld) -> None:
    """The ladder assumes nothing, whichever of the two questions has no answer."""
    world.break_down({"status": 503}, route="GET /channels/*/messages/*")
    assert (await away(read_eyes(world))).http_status == 503
    alert = await world.deliver(ALERT)
    react(world.sandbox.core, world.message(alert), str(PRIMARY), "👀")
    world.break_down({"status": 503}, route="GET /**/reactions/*")
    assert (await away(read_eyes(world))).http_status == 503


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429, "retry_after": 20.0}])
async def test_an_edit_that_must_wait_is_not_called_done(world: NotifierWorld, fault: dict[str, Any]) -> None:
    """The queue comes back for it."""
    posted = await world.deliver(ALERT)
    world.break_down(fault, route="PATCH /channels/*/messages/*")
    refreshed = await world.notifier.refresh(INCIDENT, [sent(DeliveryKind.ALERT, posted)])
    assert (refreshed.done, refreshed.gone) == ([], [])


async def test_a_rate_limited_edit_holds_up_no_other(world: NotifierWorld) -> None:
    """An edit that is rate limited holds up no other edit: only the limited one is left to be done."""
    first, second = [await world.deliver(ALERT, nonce=f"n{number}") for number in range(2)]
    route = f"PATCH /channels/*/messages/{first.message_id}"
    world.break_down({"status": 429, "retry_after": 20.0}, route=route)
    posts = [
        replace(sent(DeliveryKind.ALERT, place), id=number) for number, place in enumerate((first, second))
    ]
    assert (await world.notifier.refresh(INCIDENT, posts)).done == [1]
    assert world.message(second).edited_at is not None


@pytest.mark.parametrize("route", ["POST /channels/*/messages", "GET /guilds/*/channels"])
async def test_a_page_of_html_with_status_200_is_no_answer(world: NotifierWorld, route: str) -> None:
    """A proxy in between says whatever it likes."""
    world.break_down({"status": 200, "body": "html"}, route=route)
    world.notifier = world.make()
    assert (await away(world.deliver(ALERT))).reason.startswith("unreadable answer")


async def test_a_closed_client_is_away(world: NotifierWorld) -> None:
    """A closed client counts as an outage, so that the queue keeps the message while the process ends."""
    request = await world.notifier.compose(ALERT, INCIDENT)
    await world.client.close()
    assert "not logged in" in (await away(world.notifier.send(request, nonce="n1"))).reason
