"""What entries and notices hold about who sees a private incident."""

from datetime import datetime

from bot.domain.delivery.delivery import Notice
from bot.domain.payloads import keyed
from bot.domain.timeline.entries import EntryData, TimelineKind


class MadePrivateEntry(EntryData, kind=TimelineKind.MADE_PRIVATE):
    """A person made the incident private."""


class MemberAddedEntry(EntryData, kind=TimelineKind.MEMBER_ADDED):
    """A person was let in to a private incident."""

    id: int
    name: str | None


class MemberRemovedEntry(EntryData, kind=TimelineKind.MEMBER_REMOVED):
    """A person may no longer see a private incident."""

    id: int
    name: str | None


class MadePrivateNotice(Notice, name="made_private"):
    """A person made the incident private."""


class MemberAddedNotice(Notice, name="member_added"):
    """A person sees it now.

    Attributes:
        who: Their name.
    """

    who: str = keyed("name")


class MemberRemovedNotice(Notice, name="member_removed"):
    """A person does not see it any more.

    Attributes:
        is_own: They left by themselves.
    """

    who: str = keyed("name")
    is_own: bool


class NotLetInNotice(Notice, name="not_let_in"):
    """Discord did not add a person to the thread.

    Attributes:
        who: Their name, where it is known.
        place: Else the on-call place or the person, as `Wording.on_call` takes it.
    """

    who: str | None = keyed("name", default=None)
    place: str | None = None


class NotTakenOutNotice(Notice, name="not_taken_out"):
    """Discord did not remove a person from the thread; attributes as `NotLetInNotice`."""

    who: str | None = keyed("name", default=None)
    place: str | None = None


class NotRedactedNotice(Notice, name="not_redacted"):
    """A public post still shows its old text."""

    channel: int
    message: int


class PostsWaitNotice(Notice, name="posts_wait"):
    """Public posts still show their old text for a while: a limit of Discord's delays their edits.

    Attributes:
        posts: Their places: "<channel id>/<message id>".
    """

    posts: tuple[str, ...]


class PostsClearedNotice(Notice, name="posts_cleared"):
    """The bot's posts for all are done with: without the incident, or named in a line of their own."""


class OldThreadNotice(Notice):
    """A line about the public thread that the incident has left.

    Attributes:
        deleted_by, deleted_at: Set once a person has deleted that thread.
    """

    thread: int
    deleted_by: str | None = None
    deleted_at: datetime | None = None


class ThreadLeftNotice(OldThreadNotice, name="thread_left"):
    """What others can still read in the public thread; see `LeftBehind`."""

    names: tuple[str, ...]
    written: int


class ThreadNotClosedNotice(OldThreadNotice, name="thread_not_closed"):
    """Discord refuses to rename the old public thread."""


class NameWaitsNotice(OldThreadNotice, name="name_waits"):
    """The old public thread keeps its name for a while."""


class ThreadDeletedNotice(Notice, name="thread_deleted"):
    """A person has deleted the old public thread."""
