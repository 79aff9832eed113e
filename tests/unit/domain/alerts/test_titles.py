"""The title of a tracked alert, which says what happened."""

import pytest

from bot.domain.alerts.alert import AlertEmbed, AlertMessage
from bot.domain.alerts.reading import read_message
from bot.domain.alerts.recognition import Pattern, Says, Shape, TextPart, TitleShapes, alert_title
from tests.unit.domain.alerts.test_alert import message

SHAPES = TitleShapes(
    subjects=(Shape.parse("Monitor: {what}"), Shape.parse("alertname = {what}")),
    details=(Shape.parse("summary = {what}"), Shape.parse("Error: {what}")),
)
DOWN = Pattern(Says.FIRING, Shape.parse("DOWN: {what}"), title="{what} is DOWN", next_line=True)
FIRING = Pattern(Says.FIRING, Shape.parse("[FIRING:*] {what}"))
OVER = Pattern(Says.RESOLVED, Shape.parse("[RESOLVED] {what}"), title="{what} is over", next_line=True)


def titled(said: AlertMessage, *patterns: Pattern) -> str:
    """The title that an alert of *said* gets."""
    names = ["Notice"]
    return alert_title(said, read_message(said, patterns or (DOWN, FIRING, OVER), names), names, SHAPES)


@pytest.mark.parametrize(
    ("content", "title"),
    [
        ("DOWN: Booking site\n```HTTP 503```", "Booking site is DOWN: HTTP 503"),
        ("🔴 DOWN: Booking site", "Booking site is DOWN"),
        ("[FIRING:1] HighErrorRate\n - summary = 5xx is 2.3 %", "HighErrorRate: 5xx is 2.3 %"),
        ("[FIRING:1] HighErrorRate\nanything else", "HighErrorRate"),
        ("[FIRING:1] Disk full on db-1\nsummary = disk full", "Disk full on db-1"),
        ("[FIRING:1] Disk full\nsummary = Disk full on db-1", "Disk full on db-1"),
        ("[FIRING:1] (web-1)\nalertname = Latency\nsummary = p95 of 2 s", "Latency (web-1): p95 of 2 s"),
        ("[RESOLVED] HighErrorRate\nsummary = 5xx is 0 %", "HighErrorRate"),
        ("nobody knows this\nsummary = what", "nobody knows this: what"),
    ],
)
def test_what_happened_is_added(content: str, title: str) -> None:
    """The title of a firing alert gets what happened from a summary or the next line, once."""
    assert titled(message(content)) == title


def test_fields_name_what_the_headline_does_not() -> None:
    """A title that only names the sender is replaced; an error in a field is what happened."""
    fields = (("Monitor", "Parky Admin"), ("Status", "Down"), ("Error", "Connection Timeout"))
    said = message("", AlertEmbed(title="Notice", fields=fields))
    status = Pattern(Says.FIRING, Shape.parse("Status: *"), part=TextPart.FIELD, title="{what} is DOWN")
    assert titled(said, status) == "Parky Admin is DOWN: Connection Timeout"


def test_a_long_summary_is_cut_and_a_long_name_is_not() -> None:
    """Two lines on a phone, unless the name alone is longer."""
    assert len(titled(message(f"[FIRING:1] Rate\nsummary = {'long ' * 50}"))) <= 120
    name = "n" * 150
    assert titled(message(f"[FIRING:1] {name}\nsummary = short")).startswith(name[:149])


def test_hostile_lines_take_no_time() -> None:
    """Thousands of lines, of which a hundred are looked at."""
    assert titled(message("[FIRING:1] Rate\n" + "summary =\n" * 5_000 + "summary = late")) == "Rate"
