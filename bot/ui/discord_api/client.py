"""One request to Discord: raw JSON, our own deadline, and every way it can go wrong as one of two errors.

discord.py would wait for rate limits by itself (see `gate`, `bypass`), repeats 500, 502, 504 and 524 with
pauses of its own, and raises 503, resets and unreadable answers at once. All of that is bounded here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, TypeAlias

import aiohttp
import discord
from discord.http import Route

from bot.domain.delivery.delivery import Attachment
from bot.domain.errors import Crowded, DeliveryRefused, TemporarilyRefused, UpstreamUnavailable
from bot.domain.urgency import BACKGROUND, PERSON, current
from bot.services.shared.fencing import FRESH_S, is_stale
from bot.ui.discord_api.attempt import (
    PATIENCE_S,
    RequestAttempt,
    current_attempt,
    translated,
    waits_for_all,
    with_status,
)
from bot.ui.discord_api.bypass import has_capacity, open_buckets
from bot.ui.discord_api.circuit import AdmittedRequest, Circuit
from bot.ui.discord_api.gate import Gate
from bot.ui.discord_api.multipart import form

DEADLINE_S = 10.0

#: A JSON object of Discord's.
Payload: TypeAlias = Mapping[str, object]


_AT_ONCE_S = 0.1

_POSTING = ("POST", "/channels/{channel_id}/messages")


class Rest:
    """Discord's HTTP API through a client that has logged in, and through a gate that keeps its limits.

    Args:
        circuit: Of the process: knows when Discord is away, and then lets only a probe through.
        gate: Of the token: lets requests through in order of their urgency.
    """

    def __init__(
        self,
        client: discord.Client,
        *,
        deadline_s: float = DEADLINE_S,
        circuit: Circuit | None = None,
        gate: Gate | None = None,
    ) -> None:
        self._client = client
        self._deadline_s = deadline_s
        self._circuit = circuit or Circuit()
        self._gate = gate or Gate()
        open_buckets(client)

    @property
    def own_id(self) -> int | None:
        """Return the bot's own user id, once it has logged in."""
        return None if self._client.user is None else self._client.user.id

    async def one(
        self,
        route: Route,
        *,
        json: Payload | None = None,
        params: Payload | None = None,
        files: Sequence[Attachment] = (),
    ) -> Payload:
        """Return the JSON object that *route* answers.

        Args:
            files: The request is a form then, with *json* as a part of it.

        Raises:
            DeliveryRefused: a 4xx that no repeat will change.
            UpstreamUnavailable: anything else than the object; whether the request took effect is unknown.
            DiscordAway: the same, for all requests. Perhaps this one was not even sent.
        """
        given = {"form": form(json or {}, files)} if files else _given(json=json, params=params)
        answer = await self._ask(route, **given)
        if not isinstance(answer, dict):
            raise UpstreamUnavailable("unreadable answer: no JSON object")
        return answer

    async def many(self, route: Route, *, params: Payload | None = None) -> list[Payload]:
        """Return the JSON array of objects that *route* answers. Raises as `one`."""
        answer = await self._ask(route, **_given(params=params))
        if not isinstance(answer, list) or not all(isinstance(item, dict) for item in answer):
            raise UpstreamUnavailable("unreadable answer: no JSON array")
        return answer

    async def do(self, route: Route) -> None:
        """Make a request that answers 204. Raises as `one`."""
        await self._ask(route)

    async def _ask(self, route: Route, **given: object) -> object:
        """Make a request with what `discord.http.HTTPClient.request` takes."""
        if self._client.is_closed():
            raise UpstreamUnavailable("the Discord client is not logged in any more")
        asking = self._circuit.admit(reads=route.method == "GET")
        try:
            return await self._pass(route, given, asking)
        finally:
            asking.give_back()

    async def _pass(self, route: Route, given: dict[str, Any], asking: AdmittedRequest) -> object:
        """Send a request through the gate, and report its outcome to the circuit."""
        bucket = await self._enter(route)
        attempt, began_s = RequestAttempt(self._gate), self._circuit.expected_events.clock()
        tokens = current_attempt.set(attempt), has_capacity.set(True)
        try:
            await self._turn()
            require_fresh()
            # From now on, since Discord is not to blame for our queue.
            attempt.deadline = asyncio.timeout(self._deadline_s)
            answer = await self._request(route, given, attempt.deadline)
        except (DeliveryRefused, TemporarilyRefused):
            asking.answered()
            raise
        except Crowded:
            raise
        except UpstreamUnavailable as away:
            raise asking.failed(with_status(away, attempt), for_all_s=waits_for_all(away, attempt)) from away
        finally:
            self._gate.end(bucket, status=attempt.status, headers=attempt.headers)
            current_attempt.reset(tokens[0])
            has_capacity.reset(tokens[1])
        asking.answered()
        self._expect_event(route, began_s)
        return answer

    def _expect_event(self, route: Route, began_s: float) -> None:
        """Expect a message that was posted in a server to come back as an event on the server's shard."""
        if (route.method, route.path) != _POSTING or route.channel_id is None:
            return
        channel = self._client.get_channel(int(route.channel_id))
        if channel is not None and (guild := getattr(channel, "guild", None)) is not None:
            self._circuit.expected_events.expect(guild.shard_id, began_s=began_s)

    async def _turn(self) -> None:
        """Wait among all that is asked of Discord.

        Raises:
            Crowded: too many are more urgent, for too long.
        """
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._gate.turn(current())
        except TimeoutError:
            raise Crowded(PATIENCE_S) from None

    def require_capacity(self, route: Route) -> None:
        """See that Discord's limit has capacity for a request on *route*, now or in a moment.

        A place that is free now is kept for a moment, for the request that is about to be made. While Discord
        is away there is capacity: the request itself finds that out.

        Raises:
            Crowded: it does not.
        """
        if self._circuit.is_open:
            return
        bucket = _bucket(route)
        wait_s = self._gate.capacity_in_s(bucket, current())
        if not wait_s:
            self._gate.hold(bucket)
        if wait_s > PATIENCE_S:
            raise Crowded(wait_s, asked_s=self._gate.asked_s(bucket))

    async def _enter(self, route: Route) -> str:
        """Take a place in the route's bucket, waiting for it if that takes a moment.

        Raises:
            Crowded: it would take longer. Jobs come again; people, and what runs in the background, can wait.
        """
        bucket = _bucket(route)
        patience_s = PATIENCE_S if BACKGROUND < current() < PERSON else self._deadline_s
        edited = route.url if route.method == "PATCH" else None  # which has one place, however often it asks
        while (
            not self._gate.is_held(bucket)
            and (wait_s := self._gate.capacity_in_s(bucket, current(), subject=edited)) > 0.0
        ):
            if wait_s > patience_s:
                raise Crowded(wait_s, asked_s=self._gate.asked_s(bucket))
            await asyncio.sleep(wait_s)
        self._gate.begin(bucket)
        return bucket

    async def _request(self, route: Route, given: dict[str, Any], deadline: asyncio.Timeout) -> object:
        if self._client.http.token is None:
            raise UpstreamUnavailable("the Discord client is not logged in")
        try:
            async with deadline:
                answer: object = await self._client.http.request(route, **given)
        except discord.HTTPException as error:
            raise translated(error) from error
        except discord.RateLimited as error:
            raise UpstreamUnavailable(
                "rate limited", http_status=HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=error.retry_after
            ) from error
        except TimeoutError as error:
            self._reopen()
            raise UpstreamUnavailable(f"no answer within {self._deadline_s:g} s") from error
        except asyncio.CancelledError:
            self._reopen()
            raise
        except ValueError as error:
            raise UpstreamUnavailable("unreadable answer: malformed JSON") from error
        except (aiohttp.ClientError, OSError) as error:
            raise UpstreamUnavailable(f"connection failed: {type(error).__name__}") from error
        except RuntimeError as error:  # aiohttp's word for a session that is being closed
            raise UpstreamUnavailable("the Discord client is closing") from error
        if answer and isinstance(answer, str):
            raise UpstreamUnavailable("unreadable answer: no JSON")  # a proxy's page, for instance
        return answer

    def _reopen(self) -> None:
        """Undo what an interrupted wait for the global rate limit leaves behind.

        discord.py 2.7.1 closes a gate for all requests, sleeps, and opens it again without a `finally`:
        cancelled in that sleep, by our deadline for instance, it would stay closed for good. Opened too early
        it costs a few more 429s.
        """
        self._client.http._global_over.set()  # noqa: SLF001  # there is no public way; the version is pinned


def _given(**parameters: Payload | None) -> dict[str, object]:
    return {name: value for name, value in parameters.items() if value is not None}


def snowflake(payload: Payload, key: str = "id") -> int:
    """Return the id under *key*.

    Raises:
        UpstreamUnavailable: there is none: not an answer of Discord's.
    """
    try:
        return int(str(payload[key]))
    except (KeyError, ValueError) as error:
        raise UpstreamUnavailable(f"unreadable answer: no {key}") from error


def require_fresh(*, after_s: float = FRESH_S) -> None:
    """Refuse an attempt that has waited too long: another process may have done its work meanwhile.

    Raises:
        Crowded: the attempt is stale. The caller looks for a finished one, then tries again.
    """
    if is_stale(after_s=after_s):
        raise Crowded(_AT_ONCE_S)


def _bucket(route: Route) -> str:
    """Return the rate-limit bucket of *route*, as far as it is known before Discord answers."""
    return f"{route.key}:{route.major_parameters}"
