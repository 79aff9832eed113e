"""What the demo's monitors post, and in which order."""

import re
from typing import Final

import pytest

from bot.demo.labels import DemoRefused
from bot.demo.vendors import Monitor, channel_of, dated, read_monitors
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
    assert {*found} == {"alertmanager", "sentry", "github", "uptimerobot"}
    assert {channel_of(POLICY, one.watched) for one in found.values()} == {"p0-alerts", "p1-ops"}


def test_resolved_belongs_to_the_last_alert_that_fires() -> None:
    """Two fire, the second is resolved; then nothing is left to resolve, and the first comes again."""
    monitor = monitors()["alertmanager"]
    with pytest.raises(DemoRefused):
        monitor.following("resolved")
    titles = []
    for state in ("firing", "firing", "resolved", "firing"):
        titles.append(monitor.following(state)["embeds"][0]["title"])
        monitor.note(state)
        if state == "resolved":
            with pytest.raises(DemoRefused, match="Alertmanager"):
                monitor.following("resolved")
    assert [title.split(" (")[0] for title in titles] == [
        "[FIRING:1] HighErrorRate",
        "[FIRING:1] DiskFull",
        "[RESOLVED] DiskFull",
        "[FIRING:1] HighErrorRate",
    ]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_bot_understands_what_they_post(language: str) -> None:
    """An alert fires, and its recovery is of the same thing; GitHub's failures are for people to judge."""
    for monitor in monitors(language).values():
        for alert in monitor.alerts:
            firing, resolved = (
                understood({"sender": monitor.sender}, {"body": dated(alert[state], 1_795_842_300)})
                for state in ("firing", "resolved")
            )
            if monitor.key != "github":
                assert (firing.reading.says, resolved.reading.says) == (Says.FIRING, Says.RESOLVED), alert
                assert firing.fingerprint == resolved.fingerprint
            if language == "en":
                assert not _JAPANESE.search(str(alert))
