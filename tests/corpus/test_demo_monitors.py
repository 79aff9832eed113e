"""What the demo's monitors post, and in which order."""

import re
from typing import Final

import pytest

from bot.demo.labels import ALERTS, DemoRefused
from bot.demo.vendors import Monitor, MonitorAlerts, channel_of, dated, read_monitors
from bot.domain.alerts.recognition import Says
from bot.runbook import load_policy
from tests.corpus.test_senders import understood

_JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
POLICY: Final = load_policy(None)


def monitors(language: str = "ja") -> dict[str, Monitor]:
    """Every vendor's monitor."""
    return {one.key: one for one in read_monitors(language)}


def test_all_four_vendors_post_in_watched_channels() -> None:
    """The demo's monitors of all four vendors post in channels that the policy tells the bot to read."""
    found = monitors()
    vendors = {one.sender for one in found.values()}
    assert vendors == {"Alertmanager", "Sentry", "GitHub", "UptimeRobot"}
    assert {channel_of(POLICY, one.watched) for one in found.values()} == {"p0-alerts", "p1-ops"}


def test_each_choice_posts_what_it_shows() -> None:
    """New alerts take turns; the last that fires is repeated, and recovers, then the one before it."""
    alerts = MonitorAlerts(monitors().values())
    posted: list[tuple[str, int, str]] = []

    def post(choice: str) -> None:
        alert, state = alerts.following(choice)
        alerts.note(choice, alert, state)
        posted.append((alert.monitor.key, alert.number, state))

    for choice in ("recovered", "repeated"):
        with pytest.raises(DemoRefused, match="No alert is firing"):
            post(choice)
    for choice in ("new", "new", "repeated", "failed", "recovered", "recovered", "recovered"):
        post(choice)
    with pytest.raises(DemoRefused):
        post("recovered")
    for choice in ("new", "new", "grouped", "muted"):
        post(choice)
    assert posted == [
        ("uptimerobot", 0, "firing"),
        ("alertmanager", 0, "firing"),
        ("alertmanager", 0, "firing"),
        ("github", 0, "firing"),
        ("github", 0, "resolved"),
        ("alertmanager", 0, "resolved"),
        ("uptimerobot", 0, "resolved"),
        ("sentry", 0, "firing"),
        ("uptimerobot", 1, "firing"),
        ("grouped", 0, "firing"),
        ("muted", 0, "firing"),
    ]


def test_page_offers_each_choice_in_both_languages() -> None:
    """What monitors show, and what is done with an alert that fires, has a name and one sentence."""
    assert {one.shows for one in monitors().values()} <= {*ALERTS}
    assert {*ALERTS} - {one.shows for one in monitors().values()} == {"repeated", "recovered"}
    for text in (text for texts in ALERTS.values() for text in texts):
        assert _JAPANESE.search(text["ja"])
        assert not _JAPANESE.search(text["en"])


@pytest.mark.parametrize("language", ["ja", "en"])
def test_bot_understands_what_they_post(language: str) -> None:
    """An alert fires, and its recovery is of the same thing; GitHub says that just that work went well."""
    for monitor in monitors(language).values():
        for alert in monitor.alerts:
            firing, resolved = (
                understood({"sender": monitor.sender}, {"body": dated(alert[state], 1_795_842_300)})
                for state in ("firing", "resolved")
            )
            assert (firing.reading.says, resolved.reading.says) == (Says.FIRING, Says.RESOLVED), alert
            assert resolved.reading.is_success == (monitor.key == "github")
            assert firing.fingerprint == resolved.fingerprint
            if language == "en":
                assert not _JAPANESE.search(str(alert))
