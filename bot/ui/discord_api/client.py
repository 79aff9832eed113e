"""One request to Discord: raw JSON, our own deadline, and every way it can go wrong as one of two errors.

discord.py would wait for rate limits by itself (see `gate` and `open_buckets`), repeats 500, 502, 504 and 524
with pauses of its own, and raises 503, resets and unreadable answers at once. All of that is bounded here.
"""

import asyncio
import json
import mimetypes
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Final, Self, TypeAlias, cast

import aiohttp
import discord
from discord.http import Route

from bot.domain.delivery.delivery import Attachment, Request
from bot.domain.delivery.kinds import Action
from bot.domain.errors import Crowded, DeliveryRefused, TemporarilyRefused, UpstreamUnavailable
from bot.domain.jobs import BACKGROUND, PERSON, current
from bot.services.shared.fencing import FRESH_S, is_stale
from bot.ui.discord_api.circuit import AdmittedRequest, Circuit
from bot.ui.discord_api.gate import Gate

#: Method, path below the channel, and what the path names.
_ROUTES: Final[Mapping[Action, tuple[str, str, tuple[str, ...]]]] = {
    Action.MESSAGE: ("POST", "/messages", ()),
    Action.THREAD: ("POST", "/messages/{message_id}/threads", ("message_id",)),
    Action.REACTION: ("PUT", "/messages/{message_id}/reactions/{emoji}/@me", ("message_id", "emoji")),
    Action.PRIVATE_THREAD: ("POST", "/threads", ()),
    Action.MEMBER: ("PUT", "/thread-members/{user_id}", ("user_id",)),
    Action.MEMBER_REMOVED: ("DELETE", "/thread-members/{user_id}", ("user_id",)),
}


def route_of(request: Request) -> Route:
    """Return the route that does what *request* asks for."""
    method, path, further = _ROUTES[request.action]
    names: dict[str, Any] = dict.fromkeys(further, request.message_id)
    if "emoji" in names:
        names["emoji"] = str(request.body["emoji"])
    return Route(method, f"/channels/{{channel_id}}{path}", channel_id=request.channel_id, **names)


def channel_route(method: str, channel_id: int | None) -> Route:
    """Return the route of a channel or thread."""
    return Route(method, "/channels/{channel_id}", channel_id=channel_id)


def messages_route(method: str, channel_id: int) -> Route:
    """Return the route of the messages in a channel or thread."""
    return Route(method, "/channels/{channel_id}/messages", channel_id=channel_id)


def message_route(method: str, channel_id: int | None, message_id: int | None) -> Route:
    """Return the route of one message."""
    path = "/channels/{channel_id}/messages/{message_id}"
    return Route(method, path, channel_id=channel_id, message_id=message_id)


_REASON_LIMIT = 200
_BAN = "HTTP 429 without JSON"
_BAN_S = 10.0

#: Refusals that pass: direct messages opened too fast, no messages to this user for now, a feature switched
#: off for now, and an action that the channel's slow mode delays.
_PASSING: Final = frozenset({40003, 40004, 40006, 20029})

_LONG_S = 5.0  # a shorter wait for everybody is ordinary, and discord.py sits it out

#: A 429 that asks for longer than this ends the attempt: the queue waits better than a handler does.
PATIENCE_S = 1.0


@dataclass(slots=True)
class RequestAttempt:
    """The last answer to a request, kept in case our deadline cuts off discord.py's retries."""

    gate: Gate
    deadline: asyncio.Timeout | None = None
    headers: Mapping[str, str] | None = None
    status: int | None = None
    retry_after_s: float | None = None
    is_for_all: bool = False

    def note(self, response: aiohttp.ClientResponse) -> None:
        """Keep an answer; discord.py may be about to sleep because of it."""
        self.headers, self.status = response.headers, response.status
        self.retry_after_s = _seconds(response.headers.get("Retry-After"))
        self.is_for_all = response.headers.get("X-RateLimit-Global", "").lower() == "true"
        if response.status != HTTPStatus.TOO_MANY_REQUESTS or self.retry_after_s is None:
            return
        if not _is_json(response.headers):
            return  # a ban, which discord.py raises at once
        if self.is_for_all:
            self.gate.pause(self.retry_after_s)
        if self.retry_after_s > PATIENCE_S and self.deadline is not None and not self.deadline.expired():
            self.deadline.reschedule(asyncio.get_running_loop().time())


current_attempt: ContextVar[RequestAttempt | None] = ContextVar("attempt", default=None)


def answer_trace() -> aiohttp.TraceConfig:
    """Return a trace for ``discord.Client(..., http_trace=...)`` that lets a missed deadline name its status.

    Without it everything works, but a series of 502s is reported as a time-out without a status.
    """
    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(_note)
    return trace


async def _note(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
) -> None:
    attempt = current_attempt.get()
    if attempt is not None:
        attempt.note(end.response)


def translated(error: discord.HTTPException) -> DeliveryRefused | UpstreamUnavailable:
    status = error.status
    retry_after_s = _seconds(error.response.headers.get("Retry-After"))
    if status == HTTPStatus.TOO_MANY_REQUESTS and not _is_json(error.response.headers):
        return UpstreamUnavailable(_BAN, http_status=status, retry_after_s=retry_after_s)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
        return UpstreamUnavailable(f"HTTP {status}", http_status=status, retry_after_s=retry_after_s)
    if not _is_json(error.response.headers):
        # A proxy's page, not Discord's word on the matter.
        return UpstreamUnavailable(f"HTTP {status} without JSON", http_status=status)
    # First line only: the lines below may quote the message.
    said = " ".join((error.text.splitlines() or [""])[0].split())[:_REASON_LIMIT]
    reason = f"HTTP {status} {error.code} {said}".strip()
    if error.code in _PASSING:
        return TemporarilyRefused(reason, http_status=status, retry_after_s=retry_after_s)
    return DeliveryRefused(reason, http_status=status, code=error.code)


def _is_json(headers: Mapping[str, str]) -> bool:
    return "json" in headers.get("Content-Type", "")


def waits_for_all(away: UpstreamUnavailable, attempt: RequestAttempt) -> float | None:
    """Return how long all requests must wait, seconds; None when the limit is only on this route."""
    if attempt.status != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    asked_s = away.retry_after_s or attempt.retry_after_s or 0.0
    is_ban = away.reason == _BAN
    if is_ban:  # by Cloudflare, of our address; it does not always say for how long
        return max(asked_s, _BAN_S)
    return asked_s if attempt.is_for_all and asked_s >= _LONG_S else None


def with_status(away: UpstreamUnavailable, attempt: RequestAttempt) -> UpstreamUnavailable:
    if away.http_status is not None or attempt.status is None:
        return away
    reason = "rate limited" if attempt.status == HTTPStatus.TOO_MANY_REQUESTS else away.reason
    retry_after_s = away.retry_after_s or attempt.retry_after_s
    return UpstreamUnavailable(reason, http_status=attempt.status, retry_after_s=retry_after_s)


def _seconds(header: str | None) -> float | None:
    try:
        return None if header is None else max(float(header), 0.0)
    except ValueError:
        return None


# In discord.py 2.7.1, the request that takes a bucket's last place sleeps until the bucket opens again,
# within a call that has succeeded. That is five seconds for every fifth message in a channel, and it holds
# up a job's slot and its commit. It has no switch for that (`max_ratelimit_timeout` is 30 s at least). So
# requests of `Rest`, which has asked `Gate` before, get a bucket that never waits. Requests that discord.py
# makes by itself keep the usual buckets.

#: Set while a request runs for which the gate has found capacity.
has_capacity: ContextVar[bool] = ContextVar("has_capacity", default=False)


class _Open:
    """A `Ratelimit` that never waits, with the members that `HTTPClient.request` uses."""

    remaining = 1

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        return None

    def update(self, _response: object, *, use_clock: bool = False) -> None:
        """Ignore the headers: the bot's own gate reads them."""

    def is_inactive(self) -> bool:
        """Return True: discord.py may forget the bucket at any time."""
        return True


def open_buckets(client: discord.Client) -> None:
    """Let requests with `has_capacity` pass; once per client, however often it is called."""
    http = cast("Any", client.http)
    if "get_ratelimit" in vars(http):
        return
    usual, buckets = http.get_ratelimit, http._buckets  # noqa: SLF001  # the version is pinned

    def get_ratelimit(key: str) -> object:
        if has_capacity.get():
            return _Open()
        # `request` keeps whatever it was given, once it knows the bucket.
        if isinstance(buckets.get(key), _Open):
            del buckets[key]
        return usual(key)

    http.get_ratelimit = get_ratelimit


def form(body: Mapping[str, object], files: Sequence[Attachment]) -> list[dict[str, object]]:
    """Return the parts of the form, as discord.py's `HTTPClient.request` takes them: *body*, then *files*.

    The content is bytes, not a stream, so that a retry sends the same.
    """
    parts: list[dict[str, object]] = [{"name": "payload_json", "value": json.dumps(body, ensure_ascii=False)}]
    for number, file in enumerate(files):
        part = {"name": f"files[{number}]", "value": file.content, "filename": file.filename}
        media_type, _ = mimetypes.guess_type(file.filename)
        parts.append({**part, "content_type": media_type or "application/octet-stream"})
    return parts


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
            try:
                async with asyncio.timeout(self._deadline_s):
                    await self._gate.turn(current())
            except TimeoutError:  # too many requests were more urgent, for too long
                raise Crowded(PATIENCE_S) from None
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
