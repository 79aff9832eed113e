"""What each vendor's monitor posts in the demo: `alerts/*.toml`."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.demo import labels
from bot.demo.labels import DemoRefused
from bot.runbook import Policy
from local_discord.client import JSON

_FOLDER: Final = Path(__file__).with_name("alerts")
FIRING, RESOLVED = "firing", "resolved"


@dataclass(slots=True)
class Monitor:
    """One vendor: what it posts, alert by alert.

    Attributes:
        watched: Which of the watched channels it posts to, 0 for the first.
        alerts: What is posted when each fires and is resolved.
        posted: How many have fired so far; the last one is over if `is_over`.
    """

    key: str
    sender: str
    watched: int
    alerts: list[Mapping[str, JSON]]
    posted: int = 0
    is_over: bool = True

    def following(self, state: str) -> JSON:
        """Return what it posts next: another alert fires, or the last one is over.

        Raises:
            DemoRefused: None of its alerts fires.
        """
        if state == RESOLVED and self.is_over:
            raise DemoRefused(labels.of_calm(self.sender))
        number = self.posted if state == FIRING else self.posted - 1
        return self.alerts[number % len(self.alerts)][state]

    def note(self, state: str) -> None:
        """Remember that the monitor has posted *state*."""
        self.posted += state == FIRING
        self.is_over = state == RESOLVED


def read_monitors(language: str) -> Iterator[Monitor]:
    """Yield each vendor's monitor, with what people wrote in it in *language*."""
    for file in sorted(_FOLDER.glob("*.toml")):
        monitor = _in_language(tomllib.loads(file.read_text(encoding="utf-8")), language)
        yield Monitor(file.stem, monitor["sender"], monitor["watched"], monitor["alerts"])


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
