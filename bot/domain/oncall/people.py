"""Who is to be reached, how they want to be told, and their duty."""

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.paging import Also, Way
from bot.domain.payloads import Payload
from bot.domain.people import Person

#: The longest time that a person may put between the DM and their other ways.
LONGEST_WAIT: Final = timedelta(hours=1)

#: A topic on the operator's ntfy server, or the whole address of one on another.
_TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TOPIC_URL: Final = re.compile(r"https://[^\s/?#@]+(?:/[^\s?#@]*)?/[-_A-Za-z0-9]{1,64}")
_PUSHOVER: Final = re.compile(r"[A-Za-z0-9]{30}")

#: Digits of the shortest Discord id there can be: those of 2015 have 17.
SHORTEST_ID: Final = 17


class DutyKind(StrEnum):
    """The entry that puts a person on call; the one that wins comes first."""

    OVERRIDE = "override"
    SWAP = "swap"  # two overrides of one commit
    PERSON = "person"  # set from chat until further notice
    ROTATION = "rotation"  # set from chat
    CALENDAR = "calendar"  # an imported shift
    LAYER = "layer"  # a rotation of the policy file
    ALWAYS = "always"  # the policy file's person


class Duty(Payload):
    """What put a person on call, as it counted at one moment.

    Attributes:
        kind: One that only a newer version knows cannot be read, as if nothing were recorded.
        who: The person's handle.
        since, until: When the shift began and ends, as it was planned then; None: no such moment.
        by: The name of the person who recorded it in chat.
        instead_of: The handle of the person who would be on call without the override.
        layer: The number of the policy file's layer, from 1.
        applies: When that layer counts, as `Applies` has it.
    """

    kind: DutyKind
    who: str
    since: datetime | None = None
    until: datetime | None = None
    by: str | None = None
    instead_of: str | None = None
    layer: int | None = None
    applies: str | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which only urgent severities may page a person outside Discord.

    Attributes:
        start, end: Times of day; the span may pass midnight. They differ.
    """

    start: time
    end: time

    def end_after(self, at: datetime, timezone: ZoneInfo) -> datetime:
        """Return when the quiet hours that *at* (aware) is in end; *at* itself if it is in none."""
        local = at.astimezone(timezone)
        now = local.time()
        is_quiet = (
            self.start <= now < self.end if self.start < self.end else now >= self.start or now < self.end
        )
        if not is_quiet:
            return at
        day = local.date() + timedelta(days=1 if now >= self.end else 0)
        return datetime.combine(day, self.end, timezone)


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Hold one person's notification settings. Other people never see the addresses.

    Attributes:
        user_id: Their Discord id; *username* is as it was when they set this.
        ways: Personal ways that are used in any case, whatever the ladder's step says.
        wait: How long after the DM these come, unless an acknowledge comes first.
        quiet: When only urgent severities may use them.
        ntfy: A topic, or its whole https address.
        pushover: Their user key.
    """

    user_id: int
    username: str
    ways: tuple[Also, ...] = ()
    wait: timedelta = timedelta()
    quiet: QuietHours | None = None
    ntfy: str | None = field(default=None, repr=False)
    pushover: str | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        """Return True if there is nothing to keep."""
        return not (self.ways or self.wait or self.quiet or self.ntfy or self.pushover)


def is_ntfy(text: str) -> bool:
    """Return True if *text* is a topic, or the https address of one."""
    return bool(_TOPIC.fullmatch(text) or _TOPIC_URL.fullmatch(text))


def is_pushover(text: str) -> bool:
    """Return True if *text* looks like a user key of Pushover's."""
    return bool(_PUSHOVER.fullmatch(text))


def marked(handle: str) -> str:
    """Return a handle as messages and the timeline keep it, to tell it from a place: "@primary"."""
    return f"@{handle}"


@dataclass(frozen=True, slots=True)
class Who:
    """A person, as recorded at the time.

    Attributes:
        user_id: None for a person whom only the policy file names, by username.
        username: Without "@".
        name: Their name at that time.
    """

    user_id: int | None
    username: str
    name: str

    @property
    def handle(self) -> str:
        """As `OnCallPerson.handle`, before the policy is asked whether it knows them."""
        return self.username if self.user_id is None else str(self.user_id)


@dataclass(frozen=True, slots=True)
class OnCallPerson:
    """A person who may be on call.

    Attributes:
        handle: Identifies them in comparisons: user id in digits, or username without "@".
        name: What the team calls them; shown where a mention is impossible.
        email: Their address; None when they have none.
        user_id: Their Discord id where it is known, which a username alone does not tell.
        duty: What puts them on call, when they were asked for as the holder of a place.
        ntfy, pushover: Their addresses by the policy file; None without one.
        notify: What they have set themselves.
    """

    handle: str
    name: str
    email: str | None = None
    user_id: int | None = None
    duty: Duty | None = field(default=None, compare=False)
    ntfy: str | None = field(default=None, repr=False)
    pushover: str | None = field(default=None, repr=False)
    notify: NotifySettings | None = field(default=None, compare=False, repr=False)

    def is_for(self, person: Person) -> bool:
        """Return True if this is *person*. Display names are not compared: anyone may take any."""
        if self.user_id is not None:
            return person.id == self.user_id
        return bool(person.username) and person.username.lower() == self.handle.lower()

    def address(self, way: Way) -> str | None:
        """Return their address for a personal *way*, their own before the policy file's; None without one."""
        own = self.notify
        match way:
            case Way.EMAIL:
                return self.email
            case Way.NTFY:
                return (own.ntfy if own else None) or self.ntfy
            case Way.PUSHOVER:
                return (own.pushover if own else None) or self.pushover
        return None

    @property
    def mailbox(self) -> str:
        """Return an identifier of their mail address: 16 hex digits, the same in each process.

        It is fit for a header and does not reveal the address. A name is neither: it may be any text, and two
        people may share one.
        """
        return sha256((self.email or self.handle).lower().encode()).hexdigest()[:16]

    @property
    def who(self) -> Who:
        """Return the person in the form that is recorded."""
        user_id = self.user_id or id_of(self.handle)
        return Who(user_id, self.handle if id_of(self.handle) is None else "", self.name)


def id_of(handle: str) -> int | None:
    """Return the user id if the handle is one; None if it is a username.

    Ids have 17 digits or more. A username may be digits too, but not that many in practice.
    """
    return int(handle) if handle.isdigit() and len(handle) >= SHORTEST_ID else None
