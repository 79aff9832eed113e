"""What timeline entries hold about who sees a private incident."""

from bot.domain.timeline.entries import EntryData, TimelineKind


class MadePrivateEntry(EntryData, kind=TimelineKind.MADE_PRIVATE):
    """It is private now."""


class MemberAddedEntry(EntryData, kind=TimelineKind.MEMBER_ADDED):
    """A person sees it now."""

    id: int
    name: str | None


class MemberRemovedEntry(EntryData, kind=TimelineKind.MEMBER_REMOVED):
    """A person does not see it any more."""

    id: int
    name: str | None
