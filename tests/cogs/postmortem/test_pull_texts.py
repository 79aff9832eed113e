"""Show that exports to GitHub read well there, notify no one, and close no issue."""

from dataclasses import replace

import pytest

from bot.ui.words.wording import Wording
from cogs.postmortem.posts import pull_text
from cogs.postmortem.pulls import PullExportState
from cogs.postmortem.screens import pull_lines
from tests.cogs.postmortem.test_pulls import EXPORT as PULL_EXPORT
from tests.unit.ui import samples
from tests.unit.ui.screens import JA

MARKER = "<!-- incident-bot 1 AI-7 -->"
LANGUAGES = [samples.JA, samples.EN]
#: Words of people that GitHub would take for more.
HOSTILE = [
    "@org/everyone fixes #1",
    "- [ ] x\n# y\n<img src=x>",
    "[a](https://evil.tld) `b` **c** ![d](e)",
    "x" * 5000,
]


@pytest.mark.parametrize("words", LANGUAGES)
def test_a_pull_request_says_when_and_where(words: Wording) -> None:
    """A pull request has the incident's number and title, its start to the second and a link to the thread.

    The start is in the team's time zone. The body ends with the marker, a comment that is not shown.
    """
    text = pull_text(words, samples.RESOLVED, marker=MARKER)
    assert "INC-42" in text.title
    assert "決済 API が 5xx" in text.title
    assert "2026-11-24 14:05:00 JST" in text.body
    assert "https://discord.com/channels/7/900" in text.body
    assert text.body.rstrip().endswith(MARKER)
    assert "INC-42" in text.message


@pytest.mark.parametrize("words", LANGUAGES)
@pytest.mark.parametrize(
    "hostile",
    HOSTILE,
)
def test_peoples_words_mean_only_what_they_say(words: Wording, hostile: str) -> None:
    """No mention, no reference, no second line, within GitHub's limits."""
    pull = pull_text(words, replace(samples.RESOLVED, title=hostile), marker=MARKER)
    for written in (pull.title, pull.body, pull.message):
        assert "@" not in written
        assert "#" not in written
    assert len(pull.title) <= 256
    assert "\n" not in pull.title


@pytest.mark.parametrize("state", PullExportState)
def test_every_state_of_a_pull_request_has_words(state: PullExportState) -> None:
    """In every state, a pull request is shown with its link.

    If people have changed the file, the words say that the bot does not overwrite it.
    """
    export = replace(PULL_EXPORT, state=state, url="https://github.com/x/y/pull/12", conflict="c" * 40)
    where, conflict = pull_lines(JA, export)
    assert "/pull/12" in where
    assert "上書きしません" in conflict
