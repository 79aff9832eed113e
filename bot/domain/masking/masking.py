"""Masking a whole text: all finders over it, one text without secrets out."""

from collections.abc import Collection
from typing import Final

from bot.domain.masking.assignments import named_secrets
from bot.domain.masking.commands import command_secrets
from bot.domain.masking.personal import personal_numbers
from bot.domain.masking.shapes import known_shapes, private_keys
from bot.domain.masking.spans import MASK, Finder, Masked, found_in, half_width, masked
from bot.domain.masking.spoken import spoken_secrets
from bot.domain.masking.vendors import vendor_secrets

_HIDDEN = "\x01"  # in no pattern

_FINDERS: Final[tuple[Finder, ...]] = (
    known_shapes,
    named_secrets,
    spoken_secrets,
    command_secrets,
    personal_numbers,
    vendor_secrets,
)

#: Kinds that are no secret in a link: it has long names of its own.
_LEFT_IN_LINKS: Final = frozenset({"email", "high_entropy", "card", "phone"})


def mask(text: str, *, leaves: Collection[str] = ()) -> Masked:
    """Return *text* without the secrets that our rules find; masking it again changes nothing.

    It takes under a second for a megabyte: call it in a thread.

    Args:
        leaves: Kinds that stay as they are, such as "email".
    """
    # Text beside a mask must not turn the mask's name into a new secret.
    bare = half_width(MASK.sub(lambda hidden: _HIDDEN * len(hidden[0]), text))
    spans = [*private_keys(bare), *found_in(bare, _FINDERS)]
    return masked(text, [span for span in spans if span.kind not in leaves])


def open_link(url: str) -> str | None:
    """Return *url*, or None if a secret is in it: a link with a mask in it leads nowhere."""
    return None if mask(url, leaves=_LEFT_IN_LINKS).total else url
