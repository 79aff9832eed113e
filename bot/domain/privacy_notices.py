"""What the lines in a private incident's thread say about who sees it."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from bot.domain.delivery.notices import Notice
from bot.domain.payloads import keyed


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePrivateNotice(Notice):
    """It is private now."""

    name: ClassVar = "made_private"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAddedNotice(Notice):
    """A person sees it now.

    Attributes:
        who: Their name.
    """

    name: ClassVar = "member_added"

    who: str = keyed("name")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemovedNotice(Notice):
    """A person does not see it any more.

    Attributes:
        is_own: They left by themselves.
    """

    name: ClassVar = "member_removed"

    who: str = keyed("name")
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NotLetInNotice(Notice):
    """Discord did not add a person to the thread.

    Attributes:
        who: Their name, where it is known.
        place: Else the on-call place or the person, as `Wording.on_call` takes it.
    """

    name: ClassVar = "not_let_in"

    who: str | None = keyed("name", default=None)
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotTakenOutNotice(Notice):
    """Discord did not remove a person from the thread; attributes as `NotLetInNotice`."""

    name: ClassVar = "not_taken_out"

    who: str | None = keyed("name", default=None)
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRedactedNotice(Notice):
    """A public post still shows its old text."""

    name: ClassVar = "not_redacted"

    channel: int
    message: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OldThreadNotice(Notice):
    """A line about the public thread that the incident has left.

    Attributes:
        deleted_by, deleted_at: Set once a person has deleted that thread.
    """

    thread: int
    deleted_by: str | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLeftNotice(OldThreadNotice):
    """What others still read in it; see `LeftBehind`."""

    name: ClassVar = "thread_left"

    names: tuple[str, ...]
    written: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadNotClosedNotice(OldThreadNotice):
    """Discord refuses to rename it."""

    name: ClassVar = "thread_not_closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameWaitsNotice(OldThreadNotice):
    """It keeps its old name for a while."""

    name: ClassVar = "name_waits"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadDeletedNotice(Notice):
    """A person has deleted it."""

    name: ClassVar = "thread_deleted"
