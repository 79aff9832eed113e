"""What each vendor's monitor posts in the demo: `alerts/*.toml`."""

import json
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.demo import labels
from bot.demo.labels import DemoRefused
from bot.runbook import Policy
from local_discord.client import JSON

_FOLDER: Final = Path(__file__).with_name("alerts")
FIRING, RESOLVED = "firing", "resolved"
RECOVERED, MUTED = "recovered", "muted"


@dataclass(frozen=True, slots=True, eq=False)
class Monitor:
    """One vendor: what it posts, alert by alert.

    Attributes:
        watched: Which of the watched channels it posts to, 0 for the first.
        shows: The choice of the page that posts its alerts.
        alerts: What is posted when each fires and is resolved.
        target: What is put under maintenance before its alert is posted first; None for nothing.
    """

    key: str
    sender: str
    watched: int
    shows: str
    alerts: list[Mapping[str, JSON]]
    target: str | None = None


@dataclass(frozen=True, slots=True)
class DemoAlert:
    """One alert of a monitor, which fires and is resolved."""

    monitor: Monitor
    number: int

    def body(self, state: str) -> JSON:
        """Return what is posted when it fires, or is resolved."""
        return self.monitor.alerts[self.number][state]


class MonitorAlerts:
    """Which alert is posted for each choice of the page.

    Args:
        monitors: Those of `new` take turns, in this order.
    """

    def __init__(self, monitors: Iterable[Monitor]) -> None:
        self._by_choice: dict[str, list[DemoAlert]] = {}
        for one in sorted(monitors, key=lambda one: one.watched):
            self._by_choice.setdefault(one.shows, []).extend(
                DemoAlert(one, number) for number in range(len(one.alerts))
            )
        for alerts in self._by_choice.values():
            alerts.sort(key=lambda alert: alert.number)
        self._posted: Counter[str] = Counter()
        self._firing: list[DemoAlert] = []

    def following(self, choice: str) -> tuple[DemoAlert, str]:
        """Return the alert that the choice posts next, and its state.

        Raises:
            DemoRefused: It is about an alert that fires, and none does.
        """
        if choice in self._by_choice:
            alerts = self._by_choice[choice]
            return alerts[self._posted[choice] % len(alerts)], FIRING
        if not self._firing:
            raise DemoRefused(labels.CALM)
        return self._firing[-1], RESOLVED if choice == RECOVERED else FIRING

    def note(self, choice: str, alert: DemoAlert, state: str) -> None:
        """Remember that *alert* was posted in that *state*, for *choice*."""
        self._posted[choice] += 1
        if alert in self._firing:
            self._firing.remove(alert)
        if state == FIRING:
            self._firing.append(alert)


def read_monitors(language: str) -> Iterator[Monitor]:
    """Yield each vendor's monitor, with what people wrote in it in *language*."""
    for file in sorted(_FOLDER.glob("*.toml")):
        monitor = _in_language(tomllib.loads(file.read_text(encoding="utf-8")), language)
        yield Monitor(key=file.stem, **monitor)


def channel_of(policy: Policy, watched: int) -> str:
    """Return the watched channel of that place, or the last one; without any, the highest severity's."""
    known = [*policy.alerts.watch] or [min(policy.severities.values(), key=lambda one: one.rank).channel]
    return known[min(watched, len(known) - 1)]


def dated(body: JSON, epoch_s: int) -> JSON:
    """Return *body* with the time in place of `{at}`."""
    dated_body: JSON = json.loads(json.dumps(body).replace("{at}", str(epoch_s)))
    return dated_body


def _in_language(value: Any, language: str) -> Any:  # noqa: ANN401 -- JSON
    """Return *value* with each {ja, en} in it as the words of *language*."""
    if isinstance(value, list):
        return [_in_language(one, language) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"ja", "en"}:
        return value[language]
    return {key: _in_language(one, language) for key, one in value.items()}
