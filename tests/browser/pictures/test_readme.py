"""The pictures of README and of the commands; no browser needed."""

import re
from typing import Final

from tests.browser.pictures.pictures import PICTURES

PAGES: Final = {
    "README.md": "en",
    "docs/commands.md": "en",
    "README.ja.md": "ja",
    "docs/commands.ja.md": "ja",
}


def test_pictures_are_shown_and_in_the_readers_language() -> None:
    """Each page shows pictures of its language, each picture is there, and none is kept for nothing."""
    root, shown = PICTURES.parents[1], set()
    for name, language in PAGES.items():
        linked = re.findall(r"(?:docs/|[\"(])pictures/([\w.-]+)", (root / name).read_text("utf-8"))
        assert linked
        assert [one for one in linked if not one.endswith(f".{language}.png")] == []
        shown.update(linked)
    assert shown == {one.name for one in PICTURES.iterdir()}
