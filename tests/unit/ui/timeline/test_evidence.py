"""From a message to what is kept of it."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest

from bot.ui.words.evidence import evidence_from, evidence_of, suggested_title
from bot.ui.words.inert import inert

AT = datetime(2026, 11, 24, 5, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("決済が落ちてます\n詳しくは…", "決済が落ちてます"),
        ("\n  \n# **決済** が _5xx_\n", "決済 が 5xx"),
        ("<@103> 見て <@&5> <#6> <:boom:123456789012345678>", "@responder 見て :boom:"),
        ("<@999>\n\u200b\n落ちた", "落ちた"),
        ("`payment_intent_failed` in [Sentry](https://sentry.io/1)", "payment_intent_failed in Sentry"),
        (
            r"\*\*C:\new\_job\*\* \[x\](y) <https://a.example/b_c> *ok*",
            r"**C:\new_job** [x](y) https://a.example/b_c ok",
        ),
        ("x" * 4_000, "x" * 199 + "…"),
        ("", ""),
        ("\0\u202e", ""),
    ],
)
def test_the_first_line_that_says_something_is_the_title(text: str, title: str) -> None:
    """The title for a message is its first line with words, without markup, cut to 200 characters.

    A known member's mention becomes a name; other mentions are dropped.
    """
    assert suggested_title(text, {103: "responder"}) == title


@pytest.mark.parametrize(
    "typed", ["監視 *nightly_job* が [遅い](x) \\ `5xx`", "# 1 > 2", "https://a.example/x_y"]
)
def test_a_line_of_the_bot_gives_the_words_that_were_typed(typed: str) -> None:
    """The bot escapes people's text in its posts; a title made of such a post has no stray backslash."""
    assert suggested_title(inert(typed, limit=200), {}) == typed


def payload(**changes: Any) -> dict[str, Any]:
    """A message as Discord's JSON has it."""
    author = {"id": "9", "username": "shop-api", "global_name": None}
    base = {
        "id": "600",
        "channel_id": "500",
        "content": "落ちた",
        "author": author,
        "timestamp": AT.isoformat(),
    }
    return {**base, **changes}


def test_a_message_by_rest() -> None:
    """Evidence from a message that was read by REST has its words, its author, its time and its link."""
    kept = evidence_from(payload(), guild_id=7)
    assert (kept.text, kept.author_id, kept.author_name, kept.at) == ("落ちた", 9, "shop-api", AT)
    assert kept.url == "https://discord.com/channels/7/500/600"


def test_an_alert_that_is_an_embed() -> None:
    """Webhooks put their words there; what is attached is named."""
    embeds = [{"title": "5xx", "description": "payments", "fields": [{"name": "rate", "value": "12%"}]}]
    files = [{"filename": "graph.png"}]
    kept = evidence_from(payload(content="", embeds=embeds, attachments=files), guild_id=7)
    assert kept.text == "5xx\npayments\nrate: 12%\n📎 graph.png"
    assert evidence_from(payload(content="", attachments=files), guild_id=7).text == "📎 graph.png"


def test_a_preview_is_no_part_of_what_was_said() -> None:
    """The preview that Discord has made of a link is no part of a message's text."""
    preview = {"type": "video", "title": "A song"}
    assert evidence_from(payload(content="", embeds=[preview]), guild_id=7).text == ""


def test_a_message_without_words_or_author() -> None:
    """A message that Discord sends without words or author, for want of an intent, is still read."""
    kept = evidence_from(payload(content="", author=None), guild_id=7)
    assert (kept.text, kept.author_name) == ("", "?")


def test_a_message_from_a_menu() -> None:
    """Evidence is taken from discord.py's message as well, with at most 4,000 characters of its text."""
    message = SimpleNamespace(
        content="x" * 5_000,
        embeds=[],
        attachments=[],
        author=SimpleNamespace(id=9, display_name="shop-api"),
        jump_url="https://discord.com/channels/7/500/600",
        created_at=AT,
    )
    kept = evidence_of(cast("discord.Message", message))
    assert (len(kept.text), kept.author_name, kept.at) == (4_000, "shop-api", AT)
