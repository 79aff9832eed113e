"""The addresses that jobs call, as Healthchecks has them: GET, POST or HEAD on ``/ping/<secret>``.

Source: Healthchecks' documentation, Pinging API.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from bot.capability import ProcessCounter, PublicRoutes
from bot.domain.delivery.limits import Allowance
from bot.domain.errors import StorageUnavailable, without_message
from bot.domain.masking.masking import mask
from bot.domain.text import storable
from bot.integrations.public_server import BODY_S
from bot.services.registry import Services
from bot.storage.store import Store
from cogs.heartbeats.recording import record
from cogs.heartbeats.rules import KEPT_BODY, Beat, HeartbeatRules, Heartbeats, kind_of, secret_of
from cogs.heartbeats.spool import NAME, BeatSpool

if TYPE_CHECKING:
    from bot.settings import Settings

log = structlog.get_logger(__name__)

#: Bytes of a body that are read, after decompression. A job that says more has ended all the same.
_READ_BODY: Final = 1_000_000

#: Beats of one heartbeat: as many at once, and a second in the long run.
_BURST: Final = 20
_PER_S: Final = 1.0

#: How long the database may take to keep a beat before the disk does, seconds.
_STORED_S: Final = 0.5

#: Beats that are being stored at a time: each holds a connection.
_AT_ONCE: Final = 2

_LOOK_EVERY_S: Final = 1.0
_READ_AT_ONCE: Final = 50
_UNREAD: Final[Mapping[type[Exception], HTTPStatus]] = {
    TimeoutError: HTTPStatus.REQUEST_TIMEOUT,
    web.RequestPayloadError: HTTPStatus.BAD_REQUEST,
}
_AGAIN: Final = {"Retry-After": "5"}
_RUN_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)

#: Characters of a body from which a thread masks it: the event loop has other work.
_LARGE: Final = 4_096


@dataclass(frozen=True, slots=True)
class HeartbeatAddress:
    """A heartbeat that an address belongs to.

    Attributes:
        now: Returns the database's time, also while that is away.
    """

    guild_id: int
    rules: HeartbeatRules
    store: Store
    now: Callable[[], datetime]
    allowance: Allowance = field(default_factory=lambda: Allowance(per_s=_PER_S, burst=_BURST))

    def admits(self) -> bool:
        """Count a beat; return False if there are too many."""
        now_s = time.monotonic()
        if self.allowance.wait_s(now_s) > 0:
            return False
        self.allowance.take(now_s)
        return True


class HeartbeatSite:
    """Receives beats. A beat is answered 200 only once it is kept: in the database, or on disk.

    Args:
        addresses: By secret. Finding one in a table takes the same time for any other.
    """

    def __init__(self, addresses: Mapping[str, HeartbeatAddress], spool: BeatSpool) -> None:
        self._addresses = addresses
        self._spool = spool
        self._by_name = {(one.guild_id, one.rules.name): one for one in addresses.values()}
        self._storing = asyncio.Semaphore(_AT_ONCE)
        self._keeping = asyncio.Lock()
        self.counts: Counter[tuple[str, str]] = Counter()

    @property
    def names(self) -> list[str]:
        """Return the names of the heartbeats."""
        return sorted(one.rules.name for one in self._addresses.values())

    @property
    def routes(self) -> list[web.RouteDef]:
        """Return the routes that receive beats."""
        paths = "/ping/{secret}{slash:/?}", "/ping/{secret}/{what}{slash:/?}"
        return [make(path, self._receive) for path in paths for make in (web.get, web.post)]

    async def _receive(self, request: web.Request) -> web.Response:
        address = self._addresses.get(request.match_info["secret"].lower())
        if address is None:
            return self._answer("", HTTPStatus.NOT_FOUND, "not found")
        name, said = address.rules.name, kind_of(request.match_info.get("what", ""))
        run_id = request.query.get("rid")
        if said is None or (run_id is not None and not _RUN_ID.fullmatch(run_id)):
            return self._answer(name, HTTPStatus.BAD_REQUEST, "invalid url format")
        if not address.admits():
            return self._answer(name, HTTPStatus.TOO_MANY_REQUESTS, "too many requests")
        try:
            body = await _body(request)
            beat = Beat(address.guild_id, name, *said, run_id, await _readable(body))
            return self._answer(name, HTTPStatus.OK, await self._kept(address, beat), text="OK")
        except StorageUnavailable:
            return self._answer(name, HTTPStatus.SERVICE_UNAVAILABLE, "not kept")
        except (TimeoutError, web.RequestPayloadError) as error:
            return self._answer(name, _UNREAD[type(error)], "not read")

    async def _kept(self, address: HeartbeatAddress, beat: Beat) -> str:
        """Keep a beat in the database; on disk if that takes none in time, or earlier ones are on disk."""
        at = address.now()
        if self._spool.count == 0:
            with suppress(StorageUnavailable, TimeoutError):
                async with asyncio.timeout(_STORED_S), self._storing:
                    await record(address.store, address.rules, beat)
                    return "stored"
        async with self._keeping:
            try:
                await asyncio.to_thread(self._spool.keep, replace(beat, at=at))
            except OSError as error:
                log.error("heartbeats.not_kept", error=type(error).__name__)  # noqa: TRY400 -- the disk's fault
                raise StorageUnavailable("the beat could not be kept") from error
        return "kept"

    def _answer(self, name: str, status: HTTPStatus, result: str, *, text: str = "") -> web.Response:
        self.counts[name, result] += 1
        is_later = status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}
        return web.Response(text=text or result, status=status, headers=_AGAIN if is_later else None)

    async def run(self) -> None:
        """Store what was kept on disk once the database takes it, until cancelled."""
        while True:
            try:
                while self._spool.count > 0 and await self._store_some():
                    pass
            except (StorageUnavailable, TimeoutError, OSError) as error:
                log.warning("heartbeats.not_stored_yet", kept=self._spool.count, error=type(error).__name__)
            except Exception as error:
                log.exception("heartbeats.not_stored", exc_info=without_message(error))
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _store_some(self) -> bool:
        kept = await asyncio.to_thread(self._spool.oldest, _READ_AT_ONCE)
        for one in kept:
            address = self._by_name.get((one.value.guild_id, one.value.name))
            if address is not None:
                await record(address.store, address.rules, one.value)
            async with self._keeping:
                await asyncio.to_thread(self._spool.drop, [one.name])
        return bool(kept)


async def _body(request: web.Request) -> bytes:
    """Return the beginning of what the job has said, decompressed.

    Raises:
        TimeoutError: it took too long. web.RequestPayloadError: it cannot be decoded.
    """
    kept, size = bytearray(), 0
    async with asyncio.timeout(BODY_S):
        while size < _READ_BODY and (chunk := await request.content.readany()):
            size += len(chunk)
            kept += chunk[: KEPT_BODY - len(kept)]
    return bytes(kept)


async def _readable(body: bytes) -> str:
    """Return what the job has said, without its secrets."""
    if not body:
        return ""
    text = storable(body.decode("utf-8", "replace"))
    if len(text) < _LARGE:
        return mask(text).text
    return (await asyncio.to_thread(mask, text)).text


@asynccontextmanager
async def receiving(
    settings: "Settings", store: Store, guilds: Mapping[int, Services]
) -> AsyncIterator[PublicRoutes]:
    """Receive the beats of every guild during the block, and count them."""
    key = settings.heartbeats_secret
    assert key is not None
    addresses = {
        secret_of(key.get_secret_value(), guild_id, rules.name): HeartbeatAddress(
            guild_id, rules, store.of(guild_id), guild.emergency.now
        )
        for guild_id, guild in guilds.items()
        for rules in guild.policy.of(Heartbeats).by_name.values()
    }
    spool = await asyncio.to_thread(BeatSpool, settings.data_dir / NAME)
    async with open_heartbeats(HeartbeatSite(addresses, spool)) as routes:
        yield routes


@asynccontextmanager
async def open_heartbeats(site: HeartbeatSite) -> AsyncIterator[PublicRoutes]:
    """Receive beats during the block."""
    meaning = "Beats by heartbeat and result, since this process began"
    counter = ProcessCounter("incident_bot_heartbeat_beats", meaning, ("heartbeat", "result"), site.counts)
    task = asyncio.create_task(site.run(), name="heartbeats")
    try:
        yield PublicRoutes(site.routes, site.names, [counter])
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
