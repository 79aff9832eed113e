"""Calendar feeds of one guild: their addresses, what is in them, and who may keep one."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

import structlog

from bot.domain.audit import AuditData
from bot.domain.errors import DeliveryRefused, UnavailableError, UserError
from bot.domain.people import Person
from bot.services.core import Core
from bot.storage.tables.timeline import AuditWrites
from cogs.feeds.rules import Feed, FeedEvent, calendar_text, hash_of, new_secret, shifts_of, span_of
from cogs.feeds.store import Feeds

if TYPE_CHECKING:
    from bot.configured import Outbound
    from bot.settings import Settings

log = structlog.get_logger(__name__)

#: How often it looks whether the people are still of the team, and at how many at a time.
CHECK_S: Final = 300.0
_CHECKED_WITHIN: Final = timedelta(hours=6)
_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class FeedView:
    """A person's feed.

    Attributes:
        url: Its address with the secret, https; only when it was made just now.
    """

    feed: Feed
    url: str | None = None


class CalendarFeeds:
    """Makes, revokes and reads the feeds of one guild.

    Args:
        base: The public address of the port that answers; None: there is none.
    """

    def __init__(self, core: Core, base: str | None) -> None:
        self._core = core
        self._store = core.store
        self._base = base
        self.guild_id = core.guild_id

    async def open(self, place: str, *, by: Person) -> FeedView:
        """Return the person's feed of *place*, their own shifts if it is empty; made if there is none.

        Raises:
            NotPermitted: *by* may not respond to incidents; on record.
            UserError: the bot has no public address, or the policy no such place.
        """
        await self._require(by, place)
        known = await Feeds(self._store.sql).of(self.guild_id, by.id, place)
        return await self._make(place, by=by) if known is None else FeedView(known)

    async def renew(self, place: str, *, by: Person) -> FeedView:
        """Make a new address in place of the one before, which ends in the same commit. Raises as `open`."""
        await self._require(by, place)
        return await self._make(place, by=by)

    async def revoke(self, place: str, *, by: Person) -> bool:
        """End the person's address; return False if there is none."""
        async with self._store.transaction() as tx:
            found = await Feeds(tx.sql).revoke(self.guild_id, by.id, place)
            if found:
                about = AuditData(facts={"place": place})
                await AuditWrites(tx.sql).audit(
                    guild_id=self.guild_id, by=by, action="calendar_feed_revoked", data=about
                )
        log.info("calendar_feed.revoked", user_id=by.id, place=place)
        return found

    async def text(self, feed: Feed) -> bytes:
        """Return the calendar of a feed."""
        policy, say = self._core.policy, self._core.texts.say
        now = await self._store.now()
        span = span_of(now, timezone=policy.timezone)
        rosters, _ = await self._core.oncall.rosters(self.guild_id, past=now - span.start)
        key = "feeds.event.of_place" if feed.place else "feeds.event.own"
        events = [
            FeedEvent(
                uid=one.uid,
                starts=one.shift.starts,
                ends=one.shift.ends,
                summary=say(policy.language, key, place=one.place, who=one.person.name),
                category=one.place,
            )
            for one in shifts_of(rosters, feed, span)
        ]
        name = say(
            policy.language, "feeds.name.of_place" if feed.place else "feeds.name.own", place=feed.place
        )
        return calendar_text(events, name=name, timezone=policy.timezone.key, stamp=span.start)

    async def look(self) -> None:
        """End the addresses of people who have left the team. While Discord cannot be asked, all stay."""
        feeds = Feeds(self._store.sql)
        for person in await feeds.unchecked(self.guild_id, since=_CHECKED_WITHIN, most=_MOST):
            try:
                member = await self._core.discord.member(self.guild_id, str(person.id))
                stays = self._core.access.allows(member, "acknowledge")
            except DeliveryRefused:
                stays = False
            except UnavailableError:
                return
            if stays:
                await feeds.note_checked(self.guild_id, person.id)
            else:
                await self._revoke_all(person)

    async def _revoke_all(self, person: Person) -> None:
        async with self._store.transaction() as tx:
            places = await Feeds(tx.sql).revoke_all(self.guild_id, person.id)
            about = AuditData(facts={"places": places, "left": True})
            await AuditWrites(tx.sql).audit(
                guild_id=self.guild_id, by=person, action="calendar_feed_revoked", data=about
            )
        log.info("calendar_feed.revoked", user_id=person.id, reason="left")

    async def _require(self, by: Person, place: str) -> None:
        await self._core.access.require(by, "acknowledge", guild_id=self.guild_id, act="calendar_feed")
        if self._base is None:
            raise UserError("feeds_not_set_up")
        if place and place not in self._core.policy.oncall:
            raise UserError("feeds_no_place", place=place, places=", ".join(self._core.policy.oncall))

    async def _make(self, place: str, *, by: Person) -> FeedView:
        secret = new_secret()
        async with self._store.transaction() as tx:
            feeds = Feeds(tx.sql)
            feed = None
            while feed is None:  # another press of the same person may add one in between
                await feeds.revoke(self.guild_id, by.id, place)
                feed = await feeds.add(self.guild_id, by, place, hash_of(secret))
            about = AuditData(facts={"place": place})
            await AuditWrites(tx.sql).audit(
                guild_id=self.guild_id, by=by, action="calendar_feed_made", data=about
            )
        log.info("calendar_feed.made", user_id=by.id, place=place)
        return FeedView(feed, f"{self._base}/calendar/{secret}.ics")


def open_base(settings: "Settings", _outbound: "Outbound") -> object:
    """Return the address that leads to the public port; None without one, or without the port."""
    return None if settings.hooks_port is None else settings.public_url


def build(core: Core) -> CalendarFeeds:
    """Make the use cases of one guild."""
    return CalendarFeeds(core, cast("str | None", core.opened))


async def look(feeds: CalendarFeeds) -> None:
    """End the addresses of people who have left."""
    await feeds.look()
