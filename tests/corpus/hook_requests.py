"""Requests as the vendors' own documentation shows them, one file each with its source beside it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from bot.domain.alerts.events import AlertEvent, AlertSender
from cogs.hooks.readers import READERS
from cogs.hooks.rules import HookFormat, HookRequest, HookRules

FOLDER: Final = Path(__file__).parent / "hooks"


@dataclass(frozen=True, slots=True)
class Example:
    """A request, and the events that it must be read as.

    Attributes:
        body: Its JSON.
        events: As `as_json` writes them.
    """

    name: str
    format: HookFormat
    headers: Mapping[str, str]
    mapping: Mapping[str, str]
    body: Any
    events: list[Mapping[str, Any]]

    @property
    def request(self) -> HookRequest:
        """Return the request that a server would receive."""
        return HookRequest(self.headers, json.dumps(self.body).encode())

    def read(self, request: HookRequest) -> tuple[AlertEvent, ...]:
        """Return what *request* says that can be read, by the rules of this example."""
        said = READERS[self.format].parse(request, rules_of(self.format, self.mapping))
        return tuple(event for event in said if isinstance(event, AlertEvent))


def rules_of(read_as: HookFormat, mapping: Mapping[str, str]) -> HookRules:
    """Return the rules of a source of this format."""
    sender = AlertSender(str(read_as), str(read_as), "SEV3", same_within=timedelta(hours=24))
    return HookRules(sender, read_as, mapping)


def examples() -> list[Example]:
    """Return every example of the folder."""
    return [_example(path) for path in sorted(FOLDER.glob("*/*.json"))]


def as_json(event: AlertEvent) -> Mapping[str, Any]:
    """Return an event as the files write it."""
    started_at = None if event.started_at is None else event.started_at.isoformat()
    return {
        "says": str(event.says),
        "key": event.key,
        "title": event.title,
        "target": event.target,
        "severity": event.severity,
        "url": event.url,
        "text": event.text,
        "started_at": started_at,
    }


def _example(path: Path) -> Example:
    found = json.loads(path.read_text(encoding="utf-8"))
    return Example(
        name=f"{path.parent.name}/{path.stem}",
        format=HookFormat(path.parent.name),
        headers=found["headers"],
        mapping=found.get("mapping", {}),
        body=found["body"],
        events=found["events"],
    )
