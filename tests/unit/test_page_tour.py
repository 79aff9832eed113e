"""The demo's tour of its page, as it is written down."""

import re
from pathlib import Path

import local_discord
from bot.demo.page_tour import page_tour
from bot.runbook import load_policy

PAGE = Path(local_discord.__file__).parent / "page" / "tour.js"


def test_steps_are_in_both_languages_and_point_at_parts_of_the_page() -> None:
    """The channel is that of the policy's worst alerts; the page knows every other target."""
    steps = page_tour(load_policy(None))
    assert len(steps) == 5
    assert all({*step["title"]} == {*step["text"]} == {"ja", "en"} for step in steps)
    known = re.findall(r'^  "?([\w-]+)"?: "[#\[]', PAGE.read_text("utf-8"), re.MULTILINE)
    targets = [step["target"] for step in steps if "target" in step]
    assert [target for target in targets if target not in known] == ["channel:p0-alerts"]
    assert "**#p0-alerts**" in steps[1]["text"]["en"]
