"""What Discord gives back of a text compares equal with what was sent."""

import pytest

from bot.domain.text import folded


@pytest.mark.parametrize(
    ("sent", "back"),
    [
        ("a\r\nb", "a\nb"),
        ("INC-1 ✏️ が", "INC-1 ✏ が"),
        ("が", "か\u3099"),
        (" a\u202eb \x00", "ab"),
        ("👩\u200d💻", "👩💻"),
        ("a  b", "a b"),
    ],
)
def test_lost_on_the_way(sent: str, back: str) -> None:
    """Signs without a look of their own, another composition, another kind of blank."""
    assert folded(sent) == folded(back)


@pytest.mark.parametrize(
    ("one", "other"), [("INC-1 🔴 a", "INC-1 🟠 a"), ("a", "b"), ("ab", "a b"), ("か", "が")]
)
def test_different(one: str, other: str) -> None:
    """Texts that differ to a reader, by an emoji, a letter, a blank or a mark, stay different when folded."""
    assert folded(one) != folded(other)
