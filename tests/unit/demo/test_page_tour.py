"""What the demo tells newcomers: the tour of its page, and the first message."""

import re
from pathlib import Path

import local_discord
from bot.demo.runner import page_tour, welcome
from bot.demo.setup import set_up
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


def test_kept_demo_tells_of_no_alert_that_waits() -> None:
    """The tour of a kept demo has no step about an open alert, which may have been acknowledged long ago."""
    steps = page_tour(load_policy(None), is_new=False)
    assert [step["target"] for step in steps if "target" in step] == ["clock", "composer", "switcher"]


def test_welcome_is_in_the_language_that_was_named() -> None:
    """The welcome is in the language that was named; without a language it is in both.

    The page then has the browser's language, which may be either.
    """
    both = welcome(set_up({}))
    japanese, english = (welcome(set_up({}, lang=lang)) for lang in ("ja", "en"))
    assert both.splitlines() == [japanese, english]
    assert "で障害を報告" in japanese
    assert english.removeprefix("👋").isascii()
