"""Webhooks over real sockets: the local Discord's, and a server that answers as Discord might."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from bot.doctor.finding import State
from bot.doctor.outside import check_webhooks
from bot.domain.errors import BotError, Crowded, DeliveryRefused, UpstreamUnavailable
from bot.integrations.addresses import WebhookAddress
from bot.integrations.webhooks import HttpWebhooks
from local_discord.rest.resources.webhooks import new_webhook
from local_discord.server import LocalDiscord
from tests.standins.serving import serving

TOKEN = "not-to-be-told-" * 4
ID = 1100000000000000777


def client(api_base: str, webhook_id: int = ID, token: str = TOKEN) -> HttpWebhooks:
    """One webhook, of #p0-alerts."""
    return HttpWebhooks({"p0-alerts": WebhookAddress(webhook_id, token)}, api_base=api_base, proxy=None)


@dataclass
class Server:
    """Answers with what it was told, in order; the last answer stays.

    Attributes:
        asked: Method and path with query of each request.
    """

    answers: list[tuple[int, Mapping[str, str], object]]
    asked: list[str] = field(default_factory=list)
    base: str = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path_qs}")
        status, headers, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(body, str):
            return web.Response(status=status, headers=headers, text=body)
        return web.json_response(body, status=status, headers=headers)


@asynccontextmanager
async def server(*answers: tuple[int, Mapping[str, str], object]) -> AsyncIterator[Server]:
    made, application = Server(list(answers)), web.Application()
    application.router.add_route("*", "/{tail:.*}", made.answer)
    async with serving(application) as made.base:
        yield made


async def test_a_message_is_posted_and_its_place_is_known() -> None:
    """A webhook's channel and messages are found by their ids, and a deleted webhook refuses a post."""
    async with LocalDiscord() as sandbox:
        core = sandbox.core
        channel = next(one for one in core.world.channels.values() if one.name == "p0-alerts")
        made = new_webhook(core, channel, "Parky notify", owner_id=core.world.guild.owner_id)
        webhooks = client(sandbox.api_base, int(made.id), made.token)
        place = await webhooks.place(int(made.id))
        assert (place.channel_id, place.guild_id) == (int(channel.id), int(core.world.guild.id))
        posted = await webhooks.post(int(made.id), {"content": "満空情報", "allowed_mentions": {"parse": []}})
        message = core.world.messages[channel.id][str(posted.message_id)]
        assert (message.content, message.webhook_id) == ("満空情報", made.id)
        full = await webhooks.message(int(made.id), posted.message_id)
        assert full is not None
        assert full["content"] == "満空情報", "the bot has no intent to read it; the webhook needs none"
        assert await webhooks.message(int(made.id), 5) is None
        del core.world.webhooks[made.id]
        with pytest.raises(DeliveryRefused) as gone:
            await webhooks.post(int(made.id), {"content": "x"})
        assert (gone.value.http_status, gone.value.code) == (404, 10015)


async def test_it_asks_discord_to_wait_and_names_nothing_else() -> None:
    """A webhook's post carries ``wait`` and no other option.

    Without ``wait`` Discord would not say which message the post became.
    """
    async with server((200, {}, {"id": "5", "channel_id": "4"})) as there:
        posted = await client(there.base).post(ID, {"content": "x"})
        assert (posted.channel_id, posted.message_id) == (4, 5)
        assert there.asked == [f"POST /webhooks/{ID}/{TOKEN}?wait=true"]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (302, {}, DeliveryRefused),
        (400, {"code": 50006, "message": "Cannot send an empty message"}, DeliveryRefused),
        (401, {"code": 50027, "message": "Invalid Webhook Token"}, DeliveryRefused),
        (403, {"code": 50013, "message": "Missing Permissions"}, DeliveryRefused),
        (404, {"code": 10015, "message": "Unknown Webhook"}, DeliveryRefused),
        (413, "too large", DeliveryRefused),
        (500, {}, UpstreamUnavailable),
        (502, "<html>", UpstreamUnavailable),
        (200, "<html>", UpstreamUnavailable),
        (200, {"id": "x"}, UpstreamUnavailable),
        (204, "", UpstreamUnavailable),
    ],
)
async def test_each_answer_says_whether_it_was_taken(status: int, body: object, kind: type[BotError]) -> None:
    """A refusal is final, anything else unknown. The address is not repeated, no redirect followed."""
    async with server((status, {"Location": "/elsewhere"}, body)) as there:
        with pytest.raises(kind) as error:
            await client(there.base).post(ID, {"content": "x"})
        assert TOKEN not in str(error.value)
        assert len(there.asked) == 1


async def test_a_short_limit_is_waited_out() -> None:
    """The attempt that has begun is the only one, so it waits for Discord instead of giving up."""
    limited = (429, {"Retry-After": "0.1"}, {"retry_after": 0.1, "message": "You are being rate limited."})
    async with server(limited, (200, {}, {"id": "5", "channel_id": "4"})) as there:
        assert (await client(there.base).post(ID, {"content": "x"})).message_id == 5
        assert len(there.asked) == 2


async def test_a_long_limit_refuses_and_is_kept() -> None:
    """A post that meets a long rate limit is refused, and nothing is asked again until the limit ends."""
    async with server((429, {}, {"retry_after": 60.0})) as there:
        webhooks = client(there.base)
        with pytest.raises(DeliveryRefused):
            await webhooks.post(ID, {"content": "x"})
        with pytest.raises(Crowded) as crowded:
            webhooks.require_capacity(ID)
        assert crowded.value.capacity_in.total_seconds() == pytest.approx(60, abs=5)
        assert len(there.asked) == 1


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [("Fri, 31 Dec 2199 23:59:59 GMT", 86_400), ("30", 30), ("inf", 10), ("soon", 10), ("-5", 10)],
)
async def test_a_limit_that_only_the_header_tells_is_believed_for_a_day_at_most(
    asked: str, wait_s: float
) -> None:
    """Seconds or a date, as HTTP has it; what is neither asks for the usual pause."""
    async with server((429, {"Retry-After": asked}, {"retry_after": "nan"})) as there:
        webhooks = client(there.base)
        with pytest.raises(DeliveryRefused):
            await webhooks.post(ID, {"content": "x"})
        with pytest.raises(Crowded) as crowded:
            webhooks.require_capacity(ID)
        assert crowded.value.capacity_in.total_seconds() == pytest.approx(wait_s, abs=5)


async def test_an_empty_bucket_is_known_before_the_next_one() -> None:
    """When Discord's headers say that a rate limit is used up, the next post is held back."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1.9"}
    async with server((200, headers, {"id": "5", "channel_id": "4"})) as there:
        webhooks = client(there.base)
        await webhooks.post(ID, {"content": "x"})
        with pytest.raises(Crowded):
            webhooks.require_capacity(ID)


async def test_nobody_there_is_unknown_without_the_address() -> None:
    """A connection that breaks may have broken after the request."""
    with pytest.raises(UpstreamUnavailable) as error:
        await client("http://127.0.0.1:9").post(ID, {"content": "x"})
    assert TOKEN not in f"{error.value!r} {error.value.__cause__!r}"


async def test_doctor_says_which_webhook_works() -> None:
    """Known and in a served server; in another one; gone. A failure is a warning: only replays need them."""
    async with LocalDiscord() as sandbox:
        core = sandbox.core
        channel = next(one for one in core.world.channels.values() if one.name == "p0-alerts")
        made = new_webhook(core, channel, "Parky notify", owner_id=core.world.guild.owner_id)
        guild = int(core.world.guild.id)

        async def found(webhook_id: int, *, guilds: list[int]) -> tuple[State, str]:
            webhooks = client(sandbox.api_base, webhook_id, made.token)
            [finding] = await check_webhooks(webhooks, guilds=guilds)
            assert made.token not in f"{finding}"
            return finding.state, finding.said

        assert await found(int(made.id), guilds=[guild]) == (State.OK, "#p0-alerts has one")
        assert await found(int(made.id), guilds=[5]) == (State.WARN, "#p0-alerts: posts in another server")
        state, said = await found(ID, guilds=[guild])
        assert (state, "10015" in said) == (State.WARN, True)
        nowhere = HttpWebhooks({}, api_base=sandbox.api_base, proxy=None)
        assert await check_webhooks(nowhere, guilds=[guild]) == []
    [finding] = await check_webhooks(client("http://127.0.0.1:9"), guilds=[guild])
    assert finding.state is State.WARN
