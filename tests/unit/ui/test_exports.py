"""Show that exports to GitHub read well there, notify no one, and close no issue."""

from dataclasses import replace
from datetime import date

import pytest
from markdown_it import MarkdownIt

from bot.domain.actions.item import ActionItem, ActionSource
from bot.domain.exports import ExportTrouble
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.domain.postmortem.pull import PullExportState
from bot.ui.posts.exports import MarkdownExportWriter
from bot.ui.words.export_words import issue_lines, pull_lines
from bot.ui.words.voice import Voice
from tests.unit.domain.actions.test_issue import EXPORT as ISSUE_EXPORT
from tests.unit.domain.postmortem.test_pull import EXPORT as PULL_EXPORT
from tests.unit.ui import samples
from tests.unit.ui.screens import EN, JA

MARKER = "<!-- incident-bot 1 AI-7 -->"
WRITERS = [MarkdownExportWriter(samples.TEXTS, words.policy) for words in (samples.JA, samples.EN)]
ITEM = ActionItem(
    id=7,
    guild_id=7,
    incident_id=42,
    what="index を張る",
    owner=PersonRef(103, "佐藤"),
    due_on=date(2026, 12, 4),
    verification="5xx < 0.1%",
    source=ActionSource.COMMAND,
    created=ByPerson(103, "佐藤", samples.AT),
)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_pull_request_says_when_and_where(writer: MarkdownExportWriter) -> None:
    """A pull request has the incident's number and title, its start to the second and a link to the thread.

    The start is in the team's time zone. The body ends with the marker, a comment that is not shown.
    """
    text = writer.pull_request(samples.RESOLVED, marker=MARKER)
    assert "INC-42" in text.title
    assert "決済 API が 5xx" in text.title
    assert "2026-11-24 14:05:00 JST" in text.body
    assert "https://discord.com/channels/7/900" in text.body
    assert text.body.rstrip().endswith(MARKER)
    assert "INC-42" in text.message


@pytest.mark.parametrize("writer", WRITERS)
def test_an_issue_is_a_list_of_facts(writer: MarkdownExportWriter) -> None:
    """As Markdown an exported issue is a list: owner, due date, verification and the incident's link."""
    text = writer.issue(ITEM, samples.RESOLVED, marker=MARKER)
    assert text.title == "index を張る"
    tokens = MarkdownIt().parse(text.body)
    items = [token.content for token in tokens if token.type == "inline"]
    assert [item.partition("：")[2] or item.partition(": ")[2] for item in items[:3]] == [
        "佐藤",
        "2026-12-04",
        r"5xx \< 0.1%",
    ]
    assert "[INC-42](https://discord.com/channels/7/900)" in items[3]


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize(
    "hostile",
    [
        "@org/everyone fixes #1",
        "- [ ] x\n# y\n<img src=x>",
        "[a](https://evil.tld) `b` **c** ![d](e)",
        "x" * 5000,
    ],
)
def test_peoples_words_mean_only_what_they_say(writer: MarkdownExportWriter, hostile: str) -> None:
    """No mention, no reference, no markup, no second line, within GitHub's limits."""
    item = replace(ITEM, what=hostile, verification=hostile, owner=PersonRef(1, hostile))
    text = writer.issue(item, None, marker=MARKER)
    pull = writer.pull_request(replace(samples.RESOLVED, title=hostile), marker=MARKER)
    for written in (text.title, text.body, pull.title, pull.body, pull.message):
        assert "@" not in written
        assert "#" not in written
    assert len(text.title) <= 256
    assert len(pull.title) <= 256
    assert "\n" not in text.title + pull.title
    kinds = {token.type for token in MarkdownIt().parse(text.body.replace(MARKER, ""))}
    assert kinds <= {
        "paragraph_open",
        "paragraph_close",
        "inline",
        "bullet_list_open",
        "bullet_list_close",
        "list_item_open",
        "list_item_close",
    }
    inner = [
        child.type
        for token in MarkdownIt().parse(text.body.replace(MARKER, ""))
        for child in token.children or ()
    ]
    assert set(inner) <= {"text", "softbreak", "text_special"}


@pytest.mark.parametrize("voice", [JA, EN])
def test_a_screen_says_where_it_is_and_what_is_wrong(voice: Voice) -> None:
    """A screen says where an exported issue is and what is wrong; without an export, it says nothing.

    GitHub's reason mentions nobody. The words differ once the bot no longer tries.
    """
    assert (issue_lines(voice, None), pull_lines(voice, None)) == ([], [])
    url = "https://github.com/x/y/issues/12"
    trouble = ExportTrouble(since=samples.AT, problem="permission", reason="@here `x`")
    issue = replace(ISSUE_EXPORT, url=url, trouble=trouble, next_at=samples.AT)
    where, wrong = issue_lines(voice, issue)
    assert url in where
    assert "@here" not in wrong
    assert issue_lines(voice, replace(issue, next_at=None))[1] != wrong


@pytest.mark.parametrize("state", PullExportState)
def test_every_state_of_a_pull_request_has_words(state: PullExportState) -> None:
    """In every state, a pull request is shown with its link.

    If people have changed the file, the words say that the bot does not overwrite it.
    """
    export = replace(PULL_EXPORT, state=state, url="https://github.com/x/y/pull/12", conflict="c" * 40)
    where, conflict = pull_lines(JA, export)
    assert "/pull/12" in where
    assert "上書きしません" in conflict
