"""The tour of the demo's page for newcomers, as it is written down in page_tour.toml."""

import tomllib
from pathlib import Path
from typing import Any, Final

from bot.runbook import Policy

_FILE: Final = Path(__file__).with_name("page_tour.toml")
_ALERTS: Final = "{alerts}"


def page_tour(policy: Policy) -> list[dict[str, Any]]:
    """Return the steps as `Human.offer_tour` takes them, with the policy's channel for the worst alerts."""
    text = _FILE.read_text(encoding="utf-8").replace(_ALERTS, policy.most_severe.channel)
    return [dict(step) for step in tomllib.loads(text)["step"]]
