"""The action items of the demo's past, as the bot would have stored and posted them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.action_items import ActionSource
from bot.domain.delivery.delivery import Notice
from bot.domain.timeline.entries import EntryData
from cogs.actions.rules import (
    ActionAddedEntry,
    ActionAddedNotice,
    ActionDoneEntry,
    ActionDoneNotice,
    next_reminder,
)

if TYPE_CHECKING:
    from bot.demo.story.cast import CastMember
    from bot.demo.story.seeded_incidents import SeededIncident
    from bot.demo.story.week_file import PastAction

#: How long after the end of its incident the first item was added, and the next one after that.
_EVERY: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class StoredPastItem:
    """A `bot.demo.story.incidents.PastItem`.

    Attributes:
        key: Unique; nothing else begins so.
        by: Who added it.
        done_at: When its owner was done; None: it is open.
        next_at: When its owner is reminded next.
    """

    key: str
    past: "PastAction"
    by: "CastMember"
    owner: "CastMember"
    added_at: datetime
    due_on: date
    done_at: datetime | None
    next_at: datetime | None

    def row(self, *, guild_id: int, incident_id: int) -> dict[str, object]:
        """Return the item's row in the table of action items."""
        is_done = self.done_at is not None
        return {
            "key": self.key,
            "guild_id": guild_id,
            "incident_id": incident_id,
            "source": ActionSource.COMMAND.value,
            "what": self.past.what,
            "owner_id": self.owner.id,
            "owner_name": self.owner.name,
            "due_on": self.due_on.isoformat(),
            "verification": self.past.verification,
            "created_at": self.added_at,
            "created_by_id": self.by.id,
            "created_by_name": self.by.name,
            "status": "done" if is_done else "open",
            "closed_at": self.done_at,
            "closed_by_id": self.owner.id if is_done else None,
            "closed_by_name": self.owner.name if is_done else None,
            "next_at": self.next_at,
        }

    def facts(self, number: int) -> "Iterator[tuple[datetime, EntryData, CastMember]]":
        """Yield its entries on the timeline, by its *number*."""
        yield (
            self.added_at,
            ActionAddedEntry(
                item=number,
                what=self.past.what,
                owner=self.owner.name,
                due_on=self.due_on,
                verification=self.past.verification,
                line=_line(number, 1),
            ),
            self.by,
        )
        if self.done_at is not None:
            entry = ActionDoneEntry(item=number, what=self.past.what, line=_line(number, 2))
            yield self.done_at, entry, self.owner

    def lines(self, number: int) -> Iterator[tuple[Notice, str, datetime]]:
        """Yield its lines in the thread, with their keys and moments."""
        added = ActionAddedNotice(
            item=number,
            what=self.past.what,
            owner=self.owner.name,
            due_on=self.due_on,
            verification=self.past.verification,
            by=self.by.name,
        )
        yield added, _line(number, 1), self.added_at
        if self.done_at is not None:
            done = ActionDoneNotice(item=number, what=self.past.what, by=self.owner.name)
            yield done, _line(number, 2), self.done_at


def items_of(seeded: "SeededIncident") -> list[StoredPastItem]:
    """Return the items of one incident; none while it is open."""
    ended_at = seeded.ended_at
    if ended_at is None:
        return []
    return [
        _item(seeded, past, number=number, ended_at=ended_at)
        for number, past in enumerate(seeded.story.actions, start=1)
    ]


def _item(seeded: "SeededIncident", past: "PastAction", *, number: int, ended_at: datetime) -> StoredPastItem:
    policy, done_after = seeded.policy, past.done_after
    done_at = None if done_after is None else ended_at + done_after
    due_on = (ended_at + past.due_after).astimezone(policy.timezone).date()
    reminder = next_reminder(due_on, policy.business_hours, after=seeded.now)
    return StoredPastItem(
        key=f"{seeded.key}:action:{number}",
        past=past,
        by=seeded.responder,
        owner=seeded.guild.cast.person(past.owner, at=ended_at),
        added_at=ended_at + _EVERY * number,
        due_on=due_on,
        done_at=done_at,
        next_at=reminder.at if done_at is None else None,
    )


def _line(number: int, version: int) -> str:
    return f"action:{number}:{version}"
