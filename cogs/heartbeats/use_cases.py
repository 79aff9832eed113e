"""Finds late heartbeats, tracks their events as alerts, and shows their states."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from bot.domain.alerts.events import AlertEvent, EventOrigin, event_id
from bot.domain.alerts.recognition import Says
from bot.domain.errors import UnavailableError, UserError, without_message
from bot.domain.people import Person
from bot.i18n import Texts
from bot.runbook.model import Policy
from bot.services.alerts.events import AlertEvents
from bot.services.core import Core
from bot.services.shared.access import Access, Act
from bot.storage.store import Store
from cogs.heartbeats.posts import HeartbeatTitles
from cogs.heartbeats.rules import (
    HeartbeatEvent,
    Heartbeats,
    HeartbeatShown,
    HeartbeatState,
    WaitingEvent,
)
from cogs.heartbeats.store import HeartbeatRows

if TYPE_CHECKING:
    from bot.capability import Serving
    from bot.services.registry import Services
    from bot.settings import Settings

log = structlog.get_logger(__name__)

#: Seconds between two looks beyond which the bot was away, and beats may have found nobody.
AWAY_S: Final = 20.0

#: Of one look; the next one goes on.
_AT_A_TIME: Final = 100


class HeartbeatWatching:
    """Watches the heartbeats of one guild. Only one process does so at a time."""

    def __init__(
        self, store: Store, policy: Policy, events: AlertEvents, titles: HeartbeatTitles, *, guild_id: int
    ) -> None:
        self._store = store
        self._rules = policy.of(Heartbeats).by_name
        self._events = events
        self._titles = titles
        self._guild_id = guild_id
        self._looked_s = float("-inf")

    async def tick(self) -> None:
        """Find late heartbeats, and track their events.

        After the bot was away, each grace starts anew: beats may not have reached the bot.

        Raises:
            StorageUnavailable: The next look continues.
        """
        if self._looked_s == float("-inf"):
            await self._use_shorter_rules()
        now_s = time.monotonic()
        was_here = now_s - self._looked_s <= AWAY_S  # by this clock: the database's is moved in demos
        async with self._store.transaction() as tx:
            looks = HeartbeatRows(tx.sql, self._guild_id)
            if await looks.look(most_s=AWAY_S) and not was_here:
                await looks.postpone(self._rules.values())
        self._looked_s = now_s
        while await self._find_silent() == _AT_A_TIME:
            pass
        rows = HeartbeatRows(self._store.sql, self._guild_id)
        for event in await rows.events(limit=_AT_A_TIME):
            try:
                await self._track(event)
                await rows.drop(event)
            except UnavailableError:
                raise
            except Exception as error:  # one must not hold up the others
                log.exception("heartbeat.not_tracked", heartbeat=event.name, exc_info=without_message(error))

    async def _use_shorter_rules(self) -> None:
        """Expect beats by this process's policy, which may have shortened what the last beat was told."""
        async with self._store.transaction() as tx:
            rows, now = HeartbeatRows(tx.sql, self._guild_id), await tx.now()
            for status in await rows.all():
                rules = self._rules.get(status.name)
                if rules is not None and status.sooner(rules, now) != status:
                    await rows.save((await rows.lock(status.name)).sooner(rules, now))

    async def _find_silent(self) -> int:
        async with self._store.transaction() as tx:
            rows, now = HeartbeatRows(tx.sql, self._guild_id), await tx.now()
            found = await rows.silent(list(self._rules), limit=_AT_A_TIME)
            late = []
            for before in found:
                rules = self._rules[before.name]
                if (expected := before.by_rules(rules)).alarm_at and expected.alarm_at > now:
                    await rows.save(expected)  # the policy gives it longer than it did at the last beat
                    continue
                status, event = before.silent(rules, now)
                await rows.save(status)
                await rows.add_event(event, status)
                late.append(before)
        for before in late:
            late_s = 0.0 if before.alarm_at is None else (now - before.alarm_at).total_seconds()
            log.info("heartbeat.silent", heartbeat=before.name, late_s=round(late_s, 1))
        return len(found)

    async def _track(self, waiting: WaitingEvent) -> None:
        rules = self._rules.get(waiting.name)
        if rules is None:  # it has left the policy; its open alert stays
            return
        is_over = waiting.event is HeartbeatEvent.OVER
        title = self._titles.of(rules, waiting)
        event = AlertEvent(
            Says.RESOLVED if is_over else Says.FIRING,
            f"heartbeat:{rules.name}",
            title,
            target=rules.target,
            text=f"{title}\n{waiting.body}".strip(),
            started_at=None if is_over else waiting.since,
        )
        origin = EventOrigin(self._guild_id, event_id(waiting.at, waiting.id), waiting.at)
        await self._events.receive_event(event, rules.sender, origin)


_ORDER: Final = (
    HeartbeatState.FAILED,
    HeartbeatState.LATE,
    HeartbeatState.UNFINISHED,
    HeartbeatState.OVERRUN,
    HeartbeatState.NEW,
    HeartbeatState.UP,
)


class HeartbeatQueries:
    """Reads the heartbeats of one guild."""

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._access = access

    async def show(self, guild_id: int, *, by: Person) -> list[HeartbeatShown]:
        """Return every heartbeat of the policy, the worst first.

        Raises:
            NotPermitted: *by* may not look at the systems.
        """
        shown = await self._shown(guild_id, by=by)
        return sorted(shown, key=lambda one: _ORDER.index(one.state))

    async def show_one(self, guild_id: int, name: str, *, by: Person) -> HeartbeatShown:
        """Return one heartbeat of the policy, with its job's output.

        Raises:
            NotPermitted: *by* may not look at the systems. UserError: the policy has none of that name.
        """
        shown = await self._shown(guild_id, by=by, name=name)
        if not shown:
            raise UserError("heartbeat_unknown", value=name)
        return shown[0]

    async def _shown(self, guild_id: int, *, by: Person, name: str | None = None) -> list[HeartbeatShown]:
        act = Act.CHECK_SYSTEMS
        await self._access.require(by, act.permission, guild_id=guild_id, act=act)
        rows = HeartbeatRows(self._store.sql, guild_id)
        known, runs = {one.name: one for one in await rows.all()}, await rows.runs(name)
        return [
            HeartbeatShown(rules, known.get(rules.name), runs.get(rules.name, ()))
            for rules in self._policy.of(Heartbeats).by_name.values()
            if name in (None, rules.name)
        ]


@dataclass(frozen=True, slots=True)
class HeartbeatUseCases:
    """The use cases of one guild."""

    watching: HeartbeatWatching
    queries: HeartbeatQueries


def build(core: Core) -> HeartbeatUseCases:
    """Put the use cases of one guild together."""
    titles = HeartbeatTitles(Texts.load(), core.policy)
    watching = HeartbeatWatching(core.store, core.policy, core.alert_events, titles, guild_id=core.guild_id)
    return HeartbeatUseCases(watching, HeartbeatQueries(core.store, core.policy, core.access))


async def look(heartbeats: HeartbeatUseCases) -> None:
    """Find late heartbeats, and track their events."""
    await heartbeats.watching.tick()


def serve(settings: "Settings", store: Store, guilds: "Mapping[int, Services]") -> "Serving | None":
    """Receive the beats of every guild, if there is a key for their addresses."""
    if settings.heartbeats_secret is None:
        return None
    from cogs.heartbeats.site import receiving  # noqa: PLC0415 -- see `Capability.routes`

    return receiving(settings, store, guilds)
