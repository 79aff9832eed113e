"""Which emojis are one, and which texts are one emoji."""

import pytest

from bot.domain.text import is_one_emoji, is_same_emoji


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("👀", "👀"),
        ("✏️", "✏"),
        ("❤️‍🔥", "❤‍🔥"),
        ("<:ack:123456789012345678>", "<:renamed:123456789012345678>"),
        ("<a:ack:123456789012345678>", "ack:123456789012345678"),
    ],
)
def test_the_same(one: str, other: str) -> None:
    """An emoji is recognized though Discord adds or drops its variation selector, or the emoji is renamed."""
    assert is_same_emoji(one, other)
    assert is_same_emoji(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [("👀", "👁️"), ("👍", "👍🏽"), ("<:ack:123456789012345678>", "<:ack:123456789012345679>"), ("👀", "👀👀")],
)
def test_different(one: str, other: str) -> None:
    """Emojis differ if their picture, skin tone, id or number differs, even under the same name."""
    assert not is_same_emoji(one, other)


@pytest.mark.parametrize("text", ["👀", "✏️", "✏", "↕️", "ℹ️", "1️⃣", "🇯🇵", "👍🏽", "👩‍💻", "❤️‍🔥"])
def test_one_emoji(text: str) -> None:
    """One emoji may have a variation selector or a skin tone, and may be a keycap, a flag or joined."""
    assert is_one_emoji(text)


@pytest.mark.parametrize("text", ["", "👀👀", "👀 ", "あ", "ok", "1", "🇯🇵🇯🇵", "👀x", "。", "👀" * 20])
def test_no_emoji(text: str) -> None:
    """Text that is not exactly one emoji is refused; Discord would answer 10014 to the bot's own reaction."""
    assert not is_one_emoji(text)
