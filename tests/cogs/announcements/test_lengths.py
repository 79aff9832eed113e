"""How long a text is on X, judged by a library of others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twitter_text import parse_tweet

from bot.runbook import load_policy
from cogs.announcements.rules import AnnouncementRules, draft, length_on_x
from tests.cogs.announcements.samples import STATES, incident

JST = load_policy(None).timezone

TEXTS = [
    "",
    "11/24 14:05 頃から、Parky アプリで重大な障害が発生しています。",
    "see https://parky.co.jp/status?x=1 now",
    "を見るparky.co.jp を見てください",
    "https://parky.co.jp、をご覧ください (https://a.b.c.jp/x?y=z&w=1.)",
    "https://parky.co.jp/日本語",
    "https://例え.jp/x",
    "foo@example.com #障害 @parky",
    "🚨 👨‍👩‍👧‍👦 🇯🇵 1️⃣ 👍🏽 ❤️ ⚠️ ‼️ ↔️ ☀",
    "“quotes” – dash… ＡＢＣ ｶﾀｶﾅ 한국어 e\u0301",
    "v1.2.3\n\n文章.そして",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_as_long_as_x_says(text: str) -> None:
    """A text is as long as X's twitter-text says, with Japanese characters, addresses and emojis, too."""
    assert length_on_x(text) == parse_tweet(text).weightedLength


@pytest.mark.parametrize("text", ["node.js を", "Mr.Smith is here"])
def test_what_is_no_address_for_x_may_count_as_one(text: str) -> None:
    """X knows which top-level domains there are. Too long is told; too short would be refused by X."""
    assert length_on_x(text) > parse_tweet(text).weightedLength


@given(st.text(alphabet=st.sampled_from("aZ9 .,:/-_@#?&=%、。あ漢…–🚨é\n"), max_size=60))
def test_no_text_is_shorter_than_x_says(text: str) -> None:
    """No text is counted as shorter than X counts it, so a text that fits here fits on X."""
    assert length_on_x(text) >= parse_tweet(text).weightedLength


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_draft_fits_into_a_post(state: str, language: str) -> None:
    """Each draft fits into a post on X in both languages, with no placeholder left in it."""
    rules, severe = load_policy(None).of(AnnouncementRules), incident()
    words = draft(rules, severe, STATES[state], zone=JST)["x"].say(language)
    assert parse_tweet(words).valid
    assert "{" not in words
