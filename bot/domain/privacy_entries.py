"""What timeline entries hold about who sees a private incident."""

from dataclasses import dataclass
from typing import ClassVar

from bot.domain.timeline.entries import EntryData, TimelineKind


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePrivateEntry(EntryData):
    """It is private now."""

    kind: ClassVar = TimelineKind.MADE_PRIVATE


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAddedEntry(EntryData):
    """A person sees it now."""

    kind: ClassVar = TimelineKind.MEMBER_ADDED

    id: int
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRemovedEntry(EntryData):
    """A person does not see it any more."""

    kind: ClassVar = TimelineKind.MEMBER_REMOVED

    id: int
    name: str | None
