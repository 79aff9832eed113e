"""Parky's policy as a file, with pages that leave Discord."""

from pathlib import Path

from bot.runbook import default_policy_text
from tests.standins.paging.server import PUSHOVER_USER


def policy_with_pages(folder: Path) -> str:
    """Write the policy, whose deadline of a SEV1 rings outside, too; the file's path."""
    text = default_policy_text().replace("\nwatch = true", "\nwatch = false")
    text = text.replace('# also = ["push", "pagerduty"]', 'also = ["push", "pagerduty"]')
    address = f'discord = "primary"\nntfy = "parky-primary"\npushover = "{PUSHOVER_USER}"'
    path = folder / "pages-out.toml"
    path.write_text(text.replace('discord = "primary"', address), encoding="utf-8")
    return str(path)
