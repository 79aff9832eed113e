"""What people typed, made safe."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.text import one_line, storable, storable_json

ANY_TEXT = st.text(st.characters())  # lone surrogates included


@given(ANY_TEXT)
def test_storable_text_is_what_postgresql_takes(text: str) -> None:
    """Storable text is valid UTF-8 without NUL, and text that is so already stays as it is."""
    clean = storable(text)
    clean.encode()
    assert "\0" not in clean
    assert storable(clean) == clean
    is_fit = "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)
    assert (clean == text) == is_fit


@given(
    st.recursive(ANY_TEXT | st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(ANY_TEXT, x))
)
@example("\\u0000")
def test_storable_json_is_what_jsonb_takes(value: object) -> None:
    """Keys, values and nested ones: no NUL and no lone surrogate is left."""
    text = json.dumps(storable_json(value), ensure_ascii=False)
    text.encode()
    assert "\\u0000" not in text.replace("\\\\", "")  # a backslash may stand before the letters u0000


@given(ANY_TEXT, st.integers(1, 300))
@example("決済 API が 5xx", 5)
def test_one_line_is_one_short_line(text: str, limit: int) -> None:
    """Any text becomes at most one line without a line break; only what is over *limit* characters is cut."""
    whole, line = one_line(text, limit=max(len(text), 1)), one_line(text, limit=limit)
    assert whole.splitlines() in ([], [whole])
    assert whole == " ".join(whole.split())
    assert len(line) <= limit
    assert line == (whole if len(whole) <= limit else whole[: limit - 1] + "…")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  決済\n API が  5xx ", "決済 API が 5xx"),
        ("a\u202etxt.exe\u200b", "atxt.exe"),
        ("\0\0", ""),
        ("x" * 12, "xxxxxxxxx…"),
    ],
)
def test_one_line_examples(typed: str, shown: str) -> None:
    """Text becomes one line, and is cut with "…" if it is too long.

    Line breaks become blanks; bidirectional overrides, zero-width signs and NUL are removed.
    """
    assert one_line(typed, limit=10 if typed == "x" * 12 else 100) == shown
