"""The table of calendar feeds."""

from datetime import timedelta

from bot.domain.people import Person
from bot.storage.database.sql import Row, Sql
from bot.storage.rows import from_row
from cogs.feeds.rules import Feed


class Feeds:
    """The feeds that *sql* sees, within a transaction or without one."""

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def of(self, guild_id: int, user_id: int, place: str) -> Feed | None:
        """Return a person's feed of a place; None if they have none."""
        row = await self._sql.first("calendar_feed", guild_id=guild_id, user_id=user_id, place=place)
        return _feed(row)

    async def by_secret(self, secret_hash: bytes) -> Feed | None:
        """Return the feed of a secret; None if it is unknown or revoked."""
        return _feed(await self._sql.first("calendar_feed_by_secret", secret_hash=secret_hash))

    async def add(self, guild_id: int, by: Person, place: str, secret_hash: bytes) -> Feed | None:
        """Store an address of a person; None if they have one already."""
        row = await self._sql.first(
            "add_calendar_feed",
            guild_id=guild_id,
            user_id=by.id,
            place=place,
            user_name=by.name,
            username=by.username,
            secret_hash=secret_hash,
        )
        return _feed(row)

    async def revoke(self, guild_id: int, user_id: int, place: str) -> bool:
        """Delete an address; return False if there is none."""
        return await self._sql.has("revoke_calendar_feed", guild_id=guild_id, user_id=user_id, place=place)

    async def unchecked(self, guild_id: int, *, since: timedelta, most: int) -> list[Person]:
        """Return people with addresses, without roles, who were last looked at *since* ago or earlier."""
        rows = await self._sql.all("unchecked_calendar_feeds", guild_id=guild_id, since=since, most=most)
        return [Person(row["user_id"], row["user_name"], username=row["username"]) for row in rows]

    async def note_checked(self, guild_id: int, user_id: int) -> None:
        """Note that a person is still of the team."""
        await self._sql.all("note_calendar_feeds_checked", guild_id=guild_id, user_id=user_id)

    async def revoke_all(self, guild_id: int, user_id: int) -> list[str]:
        """Delete all addresses of a person, and return their places."""
        rows = await self._sql.all("revoke_calendar_feeds", guild_id=guild_id, user_id=user_id)
        return [row["place"] for row in rows]


def _feed(row: Row | None) -> Feed | None:
    return None if row is None else from_row(Feed, row)
