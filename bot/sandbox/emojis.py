"""What counts as an emoji. Source: Discord's docs, Resources > Emoji."""

_LONGEST = 32
_LETTER_LIKE = frozenset("ℹ")  # an emoji that Unicode counts among the letters


def is_unicode_emoji(text: str) -> bool:
    """True when *text* may be a Unicode emoji: nothing in it is a letter, a space or plain ASCII alone."""
    if not text or text.isascii() or len(text) > _LONGEST:
        return False
    return not any((char.isalpha() and char not in _LETTER_LIKE) or char.isspace() for char in text)
