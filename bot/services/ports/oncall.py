"""What Discord is asked about people on call."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bot.domain.oncall.people import OnCallPerson
from bot.domain.people import Person


class Gap(StrEnum):
    """A reason why a person on call cannot be reached, or cannot answer."""

    NOT_MEMBER = "not_member"
    NO_DM = "no_dm"
    NO_ROLE = "no_role"
    NO_CHANNEL = "no_channel"
    NO_EMAIL = "no_email"


@dataclass(frozen=True, slots=True)
class ReadinessFinding:
    """A gap, and what it is about.

    Attributes:
        names: The roles that would do, or the channels that are not seen.
    """

    gap: Gap
    names: tuple[str, ...] = ()


class Reachability(Protocol):
    """Finds out whether Discord lets the bot reach a person on call."""

    async def gaps(self, guild_id: int, person: OnCallPerson) -> list[ReadinessFinding]:
        """Return what *person* lacks to be on call; empty when they lack nothing.

        Raises:
            UpstreamUnavailable: Discord could not be asked.
        """

    async def member(self, guild_id: int, handle: str) -> Person | None:
        """Return the member with that id or username; None if there is none, or it is a bot."""
