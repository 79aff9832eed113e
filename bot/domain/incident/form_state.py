"""What a form showed when it was opened: only what somebody changed of it counts when it comes back."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bot.domain.text import storable

#: Hex digits of `digest_of`: short enough for a custom id.
DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Shown:
    """What stood there as chosen.

    Attributes:
        targets, symptoms: Those that the policy listed then.
    """

    targets: frozenset[str]
    symptoms: frozenset[str]


def with_changes(
    present: Collection[str], chosen: Collection[str], shown: Collection[str] | None, *, known: Iterable[str]
) -> tuple[str, ...]:
    """What is there after a choice: with what was added to what the form showed, without what was taken out.

    So two people who have the same form open do not undo each other.

    Args:
        present: What is there now, changed by others perhaps.
        chosen: As it was sent.
        shown: As it was opened; None when that is not known: then *chosen* is all of it.
        known: What the policy lists, in the order of the result. No form offers anything else: that stays.
    """
    listed = tuple(known)
    before = set(present if shown is None else shown)
    kept = (set(present) - (before - set(chosen))) | (set(chosen) - before)
    return (*(one for one in listed if one in kept), *(one for one in present if one not in listed))


def digest_of(text: str) -> str:
    """Eight hex digits of what a field showed, others for other words.

    Blanks do not count: a client may send them, and line breaks, in another form than it was given.
    """
    return sha256(" ".join(storable(text).split()).encode()).hexdigest()[:DIGITS]
