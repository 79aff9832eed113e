"""Show that issues read well on GitHub, notify no one, and close no other."""

from dataclasses import replace
from datetime import date

import pytest
from markdown_it import MarkdownIt

from bot.domain.action_items import ActionItem, ActionSource
from bot.domain.code_host import ExportTrouble
from bot.domain.incident.incident import ByPerson, PersonRef
from bot.ui.words.wording import Voice
from cogs.actions.posts import IssueWriter, issue_lines
from tests.cogs.actions.test_issue_rules import EXPORT as ISSUE_EXPORT
from tests.cogs.postmortem.test_pull_texts import HOSTILE, MARKER
from tests.unit.ui import samples
from tests.unit.ui.screens import EN, JA

WRITERS = [IssueWriter(words) for words in (samples.JA, samples.EN)]
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
def test_an_issue_is_a_list_of_facts(writer: IssueWriter) -> None:
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
    HOSTILE,
)
def test_peoples_words_mean_only_what_they_say(writer: IssueWriter, hostile: str) -> None:
    """No mention, no reference, no markup, no second line, within GitHub's limits."""
    item = replace(ITEM, what=hostile, verification=hostile, owner=PersonRef(1, hostile))
    text = writer.issue(item, None, marker=MARKER)
    for written in (text.title, text.body):
        assert "@" not in written
        assert "#" not in written
    assert len(text.title) <= 256
    assert "\n" not in text.title
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
    assert issue_lines(voice, None) == []
    url = "https://github.com/x/y/issues/12"
    trouble = ExportTrouble(since=samples.AT, problem="permission", reason="@here `x`")
    issue = replace(ISSUE_EXPORT, url=url, trouble=trouble, next_at=samples.AT)
    where, wrong = issue_lines(voice, issue)
    assert url in where
    assert "@here" not in wrong
    assert issue_lines(voice, replace(issue, next_at=None))[1] != wrong
