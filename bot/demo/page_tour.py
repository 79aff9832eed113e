"""What the demo's page tells newcomers: its tour, as page_tour.toml has it, and the first message."""

import tomllib
from pathlib import Path
from typing import Any, Final

from bot.demo.setup import Setup
from bot.runbook import Policy

_FILE: Final = Path(__file__).with_name("page_tour.toml")
_ALERTS: Final = "{alerts}"

#: The first message in #general.
_WELCOME: Final = {
    "ja": """\
👋 `/triage` で障害を報告すると、質問に答えるだけで発報されます。`/sev1 件名` が近道です。\
チャンネル一覧の下の名前で、別の人に切り替えられます。""",
    "en": """\
👋 `/triage` reports a problem: answer a few questions, and the alert is raised. `/sev1 title` is the \
shortcut. The name below the channels switches to another person.""",
}


def page_tour(policy: Policy, *, is_new: bool = True) -> list[dict[str, Any]]:
    """Return the steps as `Human.offer_tour` takes them, with the policy's channel for the worst alerts.

    Args:
        is_new: The story has just begun: its alert waits. In a kept demo it may be over.
    """
    text = _FILE.read_text(encoding="utf-8").replace(_ALERTS, policy.most_severe.channel)
    return [step for step in tomllib.loads(text)["step"] if not step.pop("waits", False) or is_new]


def welcome(setup: Setup) -> str:
    """Return the first message, in the demo's language; in both if none was named."""
    return _WELCOME[setup.language] if setup.is_language_named else "\n".join(_WELCOME.values())
