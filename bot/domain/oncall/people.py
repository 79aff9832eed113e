"""People who may be on call."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from bot.domain.oncall.duty import Duty
from bot.domain.oncall.notify import NotifySettings
from bot.domain.paging import Way
from bot.domain.people import Person

#: Digits of the shortest Discord id there can be: those of 2015 have 17.
SHORTEST_ID: Final = 17


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
