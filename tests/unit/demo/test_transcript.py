"""How the tour prints Discord's markup in a terminal."""

import io

from rich.console import Console

from bot.demo.transcript import Transcript
from bot.runbook import load_policy
from local_discord.client import Message


def printed(content: str) -> str:
    """Return a message of these words as it is printed."""
    out = io.StringIO()
    names = {"7": "佐藤", "8": "sre", "9": "p0-alerts"}
    author = {"username": "incident-bot"}
    raw = {"timestamp": "2026-11-24T05:05:00+00:00", "author": author, "content": content, "components": []}
    transcript = Transcript(Console(file=out, width=100), names=names, zone=load_policy(None).timezone)
    transcript.post("general", Message(raw | {"edited_timestamp": None, "embeds": []}))
    return out.getvalue()


def test_mentions_are_names() -> None:
    """Mentions of people, roles, channels and commands are printed as names, and links stay as they are."""
    said = printed("<@7> <@&8> <#9> </stats show:1576123456789012345> <https://example.com/a:1>")
    assert "@佐藤 @sre #p0-alerts /stats show <https://example.com/a:1>\n" in said
