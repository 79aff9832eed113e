"""How a line is compared with a pattern."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alerts.recognition import Shape

_TEXT = st.text(alphabet="ab[]() :✅İ", max_size=30)


@pytest.mark.parametrize(
    ("pattern", "line", "found"),
    [
        ("[FIRING:*] {what} (*)", "[FIRING:1] Disk full (db)", {"what": "Disk full"}),
        ("[FIRING:*] {what} (*)", "[firing:2, RESOLVED:1] Disk full ()", {"what": "Disk full"}),
        ("[FIRING:*] {what} (*)", "[FIRING:1] (db)", None),
        ("[FIRING:*] {what} (*)", "[FIRING:1] Disk full", None),
        (
            "[Triggered on {where}] {what}",
            "[Triggered on {host:a}] Down",
            {"where": "{host:a}", "what": "Down"},
        ),
        ("{what} is down", "api is DOWN", {"what": "api"}),
        ("{what} is down", "is down", None),
        ("✅ {what}", "✅\ufe0f deploy ok", {"what": "deploy ok"}),
        ("İ {what}", "İ straße", {"what": "straße"}),
        ("* Testing", "Alerts Testing", {}),
        ("Testing", "testing", {}),
        ("Testing", "Testing 1", None),
        ("aba*aba", "aba", None),
        ("aba*aba", "abaaba", {}),
    ],
)
def test_a_line_has_the_shape_or_has_it_not(pattern: str, line: str, found: dict[str, str] | None) -> None:
    """A line matches a pattern only as a whole; upper and lower case make no difference.

    A named hole is never empty, and pieces of a pattern do not overlap.
    """
    assert Shape.parse(pattern).match(line) == found


@pytest.mark.parametrize(
    "pattern", ["a**b", "{what}{where}", "{what} and {what}", "{who} is down", "a{b", "x" * 201]
)
def test_what_is_no_pattern(pattern: str) -> None:
    """Holes need text between them, and known names, each once."""
    with pytest.raises(ValueError, match=r"."):
        Shape.parse(pattern)


@given(_TEXT, _TEXT, _TEXT)
def test_what_was_put_in_is_found(before: str, what: str, after: str) -> None:
    """A line made of a pattern's own text has its shape."""
    text = what.strip()
    if text:
        found = Shape.parse(f"{before}{{what}}{after}").match(f"{before}{text}{after}")
        assert found == {"what": text}
