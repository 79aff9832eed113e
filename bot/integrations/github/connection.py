"""Requests to GitHub: one token, one way out, one set of limits for the whole process."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import Final, Self
from urllib.parse import urljoin, urlsplit

import httpx
import structlog

from bot.domain.code_host import CodeHostProblem
from bot.domain.errors import BotError, CodeHostRefused, UpstreamUnavailable
from bot.domain.text import one_line
from bot.integrations.addresses import EgressProxy
from bot.integrations.outbound.call import asked_wait_s

log = structlog.get_logger(__name__)

_USER_AGENT: Final = f"incident-bot/{version('incident-bot')}"
_API_VERSION: Final = "2022-11-28"
_JSON: Final = "application/vnd.github+json"

#: Seconds for a request from its begin to its last byte.
DEADLINE_S: Final = 15.0

#: Bytes of an answer: a page of issues, each with a body of 65,536 characters, has less.
MOST_BYTES: Final = 8 * 1024 * 1024

_MOST_REDIRECTS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 307, 308})

#: GitHub asks for a second between two changes. Source: its best practices for using the REST API.
_BETWEEN_CHANGES_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class GitHubAddress:
    """Where GitHub is, and what it knows us by.

    Attributes:
        api_url: Without a slash at its end.
        deadline_s: As `DEADLINE_S`.
        between_changes_s: The pause between two requests that change something, seconds.
    """

    api_url: str
    token: str = field(repr=False)
    proxy: EgressProxy | None = None
    deadline_s: float = DEADLINE_S
    between_changes_s: float = _BETWEEN_CHANGES_S


@dataclass(frozen=True, slots=True)
class GitHubAnswer:
    """A successful answer.

    Attributes:
        body: Its JSON; None if it has none.
        is_new: False for 304: nothing has changed since the etag was given.
        following: The path of the next page; None on the last one.
    """

    body: object
    etag: str | None
    is_new: bool = True
    following: str | None = None


@dataclass(frozen=True, slots=True)
class _Raw:
    status: int
    headers: Mapping[str, str]
    content: bytes


class GitHubConnection:
    """Sends requests, one after the other, as GitHub asks of its clients.

    Its HTTP client is made by the first request, and lives until `close`.
    """

    def __init__(self, address: GitHubAddress) -> None:
        self._address = address
        self._limits = Limits()
        self._turn = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None
        self._changed_at = float("-inf")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def get(
        self, path: str, *, params: Mapping[str, str] | None = None, etag: str | None = None
    ) -> GitHubAnswer:
        """Read *path*; with *etag* only if it has changed, which costs nothing of the rate limit if not.

        Raises:
            UpstreamUnavailable: GitHub is away or slow, asks to wait, or says what is not JSON.
            CodeHostRefused: it refuses.
        """
        conditional = {} if etag is None else {"If-None-Match": etag}
        return await self._answer("GET", path, params=params, headers=conditional)

    async def delete(self, path: str) -> None:
        """Send a DELETE to *path*. Raises as `get`."""
        await self._answer("DELETE", path, content=b"", headers={})

    async def send(self, method: str, path: str, body: Mapping[str, object]) -> GitHubAnswer:
        """Send *body* as JSON to *path* by *method*. Raises as `get`."""
        content = json.dumps(body, ensure_ascii=False).encode()
        return await self._answer(method, path, content=content, headers={"Content-Type": "application/json"})

    async def _answer(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str],
    ) -> GitHubAnswer:
        async with self._turn:
            self._limits.check()
            if content is not None:  # changes rest between each other
                now = asyncio.get_running_loop().time()
                pause_s = self._changed_at + self._address.between_changes_s - now
                if pause_s > 0:
                    await asyncio.sleep(pause_s)
                self._changed_at = max(now, now + pause_s)
            url = httpx.URL(self._address.api_url + path)
            if params is not None:
                url = url.copy_merge_params(params)
            try:
                async with asyncio.timeout(self._address.deadline_s):
                    raw = await self._follow(method, url, content, headers)
            except (TimeoutError, httpx.TimeoutException):
                raise UpstreamUnavailable(
                    f"GitHub did not answer within {self._address.deadline_s:.0f} s"
                ) from None
            except (httpx.HTTPError, httpx.InvalidURL) as error:  # its text may quote the address
                raise UpstreamUnavailable(f"GitHub cannot be reached: {type(error).__name__}") from None
            return self._read(raw)

    async def _follow(
        self, method: str, url: httpx.URL, content: bytes | None, headers: Mapping[str, str]
    ) -> _Raw:
        """Send a request, and again where GitHub says that a renamed repository is now; nowhere else."""
        for _ in range(_MOST_REDIRECTS + 1):
            raw = await self._once(method, url, content, headers)
            if raw.status not in _REDIRECTS:
                return raw
            there = urljoin(str(url), raw.headers.get("location", ""))
            if urlsplit(there)[:2] != urlsplit(str(url))[:2]:
                raise UpstreamUnavailable("GitHub leads to another host", http_status=raw.status)
            url = httpx.URL(there)
        raise UpstreamUnavailable("GitHub leads round in a circle")

    async def _once(
        self, method: str, url: httpx.URL, content: bytes | None, headers: Mapping[str, str]
    ) -> _Raw:
        sent = {
            "Accept": _JSON,
            "Authorization": f"Bearer {self._address.token}",
            "User-Agent": _USER_AGENT,
            "X-GitHub-Api-Version": _API_VERSION,
            **headers,
        }
        if self._client is None:  # one request at a time asks
            # The first one reads its parts and the certificates: a fifth of a second, which no P0 waits for.
            self._client = await asyncio.to_thread(self._make_client)
        async with self._client.stream(method, url, content=content, headers=sent) as response:
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > MOST_BYTES:
                    raise UpstreamUnavailable("GitHub's answer is too long", http_status=response.status_code)
            return _Raw(response.status_code, dict(response.headers), bytes(received))

    def _make_client(self) -> httpx.AsyncClient:
        proxy = self._address.proxy
        return httpx.AsyncClient(
            timeout=self._address.deadline_s,
            follow_redirects=False,
            trust_env=False,
            proxy=None if proxy is None else proxy.with_credentials,
        )

    def _read(self, raw: _Raw) -> GitHubAnswer:
        body = _json(raw)
        message = message_of(body).lower()
        says_limited = "rate limit" in message or "abuse detection" in message  # GitHub's texts
        wait_s = self._limits.note(raw.status, raw.headers, says_limited=says_limited)
        if wait_s is not None:
            log.warning("github.limited", http_status=raw.status, wait_s=round(wait_s))
            raise limited(wait_s)
        etag = raw.headers.get("etag")
        if raw.status == HTTPStatus.NOT_MODIFIED:
            return GitHubAnswer(None, etag, is_new=False)
        if not HTTPStatus.OK <= raw.status < HTTPStatus.MULTIPLE_CHOICES:
            raise refusal(raw.status, body)
        if body is None and raw.status != HTTPStatus.NO_CONTENT:
            kind = raw.headers.get("content-type", "nothing").partition(";")[0]
            raise UpstreamUnavailable(f"GitHub answered with {kind} instead of JSON", http_status=raw.status)
        links = httpx.Response(raw.status, headers=dict(raw.headers)).links
        following, base = links.get("next", {}).get("url", ""), self._address.api_url
        is_same_host = following.startswith(f"{base}/")
        return GitHubAnswer(body, etag, following=following.removeprefix(base) if is_same_host else None)


def _json(raw: _Raw) -> object:
    """Return the JSON of an answer; None if it is none."""
    if "json" not in raw.headers.get("content-type", ""):
        return None
    try:
        body: object = json.loads(raw.content)
    except ValueError:
        return None
    return body


#: The first and the longest pause after a secondary limit that does not say how long it lasts, seconds.
_SECONDARY_S: Final = (60.0, 900.0)

#: The primary limit's window is an hour; no answer makes the bot wait for longer than this, seconds.
_LONGEST_S: Final = 3600.0

_REFUSED: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})


class Limits:
    """The limits of one token, which all its requests share.

    Args:
        clock: Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = float("-inf")
        self._secondary_in_a_row = 0

    def check(self) -> None:
        """Let a request pass.

        Raises:
            UpstreamUnavailable: GitHub has asked to wait; a request before that could get the token banned.
        """
        left_s = self._until - self._clock()
        if left_s > 0:
            raise limited(left_s)

    def note(self, status: int, headers: Mapping[str, str], *, says_limited: bool = False) -> float | None:
        """Learn from an answer.

        Args:
            headers: With names in lower case.
            says_limited: Its message speaks of a rate limit.

        Returns:
            Seconds to wait if the request was refused because of a limit, else None.
        """
        is_spent = headers.get("x-ratelimit-remaining") == "0"
        is_limited = status in _REFUSED and (
            status == HTTPStatus.TOO_MANY_REQUESTS or "retry-after" in headers or is_spent or says_limited
        )
        wait_s = _asked_s(headers, is_spent=is_spent)
        if is_limited and wait_s is None:
            wait_s = min(_SECONDARY_S[0] * 2**self._secondary_in_a_row, _SECONDARY_S[1])
        self._secondary_in_a_row = min(self._secondary_in_a_row + 1, 10) if is_limited else 0
        if wait_s is None or not (is_limited or is_spent):
            return None
        wait_s = min(wait_s, _LONGEST_S)
        self._until = max(self._until, self._clock() + wait_s)
        return wait_s if is_limited else None


def limited(wait_s: float) -> UpstreamUnavailable:
    """Return the error for a request that a limit has no room for."""
    reason = f"GitHub's rate limit has no room for {wait_s:.0f} s"
    return UpstreamUnavailable(reason, http_status=HTTPStatus.TOO_MANY_REQUESTS, retry_after_s=wait_s)


def _asked_s(headers: Mapping[str, str], *, is_spent: bool) -> float | None:
    """Return the seconds that an answer asks to wait: until the window's end, by GitHub's own clock."""
    if "retry-after" in headers:
        asked_s = asked_wait_s(headers["retry-after"])
        return None if asked_s is None else max(asked_s, 1.0)
    try:
        if is_spent:
            now_s = parsedate_to_datetime(headers["date"]).timestamp()
            return max(float(headers["x-ratelimit-reset"]) - now_s, 1.0)
    except (KeyError, ValueError):
        return None
    return None


#: Characters of GitHub's message that are kept.
_MESSAGE: Final = 200

_PROBLEMS: Final[Mapping[int, CodeHostProblem]] = {
    HTTPStatus.UNAUTHORIZED: CodeHostProblem.TOKEN,
    HTTPStatus.FORBIDDEN: CodeHostProblem.PERMISSION,
    HTTPStatus.NOT_FOUND: CodeHostProblem.NOT_FOUND,
    HTTPStatus.GONE: CodeHostProblem.NOT_FOUND,  # the repository has no issues, or this one was deleted
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: CodeHostProblem.NOT_FOUND,
    HTTPStatus.CONFLICT: CodeHostProblem.CONFLICT,
}


def refusal(status: int, body: object) -> BotError:
    """Return the error for an answer that is no success and not about a rate limit.

    Args:
        body: Its JSON; None if it had none that can be read.
    """
    message = message_of(body)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return UpstreamUnavailable(f"GitHub answered {status}", http_status=status)
    if body is None:  # a proxy's page, a captive portal, a wrong address: not GitHub's word on anything
        return UpstreamUnavailable(f"the answer {status} is not GitHub's JSON", http_status=status)
    problem = _PROBLEMS.get(status, CodeHostProblem.INVALID)
    fields = {str(each["field"]) for each in _errors(body) if each.get("field")}
    return CodeHostRefused(problem, message or f"HTTP {status}", http_status=status, fields=fields)


def message_of(body: object) -> str:
    """Return what an error says, in one line; empty if it says nothing."""
    if not isinstance(body, Mapping):
        return ""
    details = [str(each.get("message") or "") for each in _errors(body)]
    message = "; ".join(part for part in (str(body.get("message") or ""), *details) if part)
    return one_line(message, limit=_MESSAGE)


def _errors(body: object) -> Iterator[Mapping[str, object]]:
    errors = body.get("errors") if isinstance(body, Mapping) else None
    return (each for each in errors if isinstance(each, Mapping)) if isinstance(errors, list) else iter(())
