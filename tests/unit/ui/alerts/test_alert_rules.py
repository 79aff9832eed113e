"""`/alerts rules`: what people have taught, and the policy's own rules, within Discord's limits."""

from dataclasses import replace

from bot.domain.alerts.questions import AlertLesson
from bot.domain.alerts.recognition import Says
from bot.runbook import default_policy_text, parse_policy
from bot.services.alerts.answers import PAGE_SIZE, LessonPage
from bot.ui.components import TEXT_LIMIT
from bot.ui.screens.alerts import rules_screen
from bot.ui.words.wording import Voice
from tests.unit.ui.samples import AT, TEXTS

OWN = """
[[alerts.rules]]
title = "Disk * is almost full*"
severity = "SEV2"
only_after = 3
within = "10m"
becomes = "SEV3"

[[alerts.rules]]
sender = "Staging*"
ignore = true

[[alerts.patterns]]
says = "firing"
line = "Backup of {what} failed*"
"""
LESSON = AlertLesson(
    guild_id=7,
    sender="77:駐車場監視",
    look="キオスクの様子:#件",
    says=Says.CHATTER,
    title="キオスクの様子：123件",
    url="u",
    id=4,
    by_id=1,
    by_name="sato",
    at=AT,
    applied=14,
)


def said(page: LessonPage, *, own: str = OWN, locale: str = "en-US") -> str:
    """All texts of the screen."""
    policy = parse_policy(default_policy_text() + own, name="own")
    screen = rules_screen(Voice.of(TEXTS, policy, locale=locale), page)
    return "\n".join(getattr(item, "content", "") for item in screen.walk_children())


def test_each_rule_is_a_sentence() -> None:
    """The screen says what each lesson, rule and pattern does, and who taught it."""
    shown = said(LessonPage((LESSON,)))
    assert "by 駐車場監視: not an alert; taught by @sato on" in shown
    assert "applied 14 times since" in shown
    assert "tracked after 3 in 10 min · is SEV3" in shown
    assert "2. sender “staging\\*” → ignored" in shown
    assert "backup of {what} failed" in shown
    assert "14 回適用" in said(LessonPage((LESSON,)), locale="ja")
    assert "None yet." in said(LessonPage(()))


def test_the_longest_page_fits() -> None:
    """A page of the longest lessons, rules and patterns stays within Discord's limit, on each page."""
    longest = replace(LESSON, sender=f"7:{'*' * 300}", look="_" * 500, by_name="*" * 80, applied=99_999)
    names = f'title = "{"*a" * 90}"\ntarget = "{"_" * 90}"\nsender = "{"_" * 90}"\n'
    rule = f"\n[[alerts.rules]]\n{names}ignore = true\n"
    pattern = f'\n[[alerts.patterns]]\nsays = "chatter"\nline = "{"_" * 190}"\n'
    page = LessonPage((longest,) * PAGE_SIZE, has_more=True)
    for locale in ("ja", "en-US"):
        shown = said(page, own=rule * 20 + pattern * 20, locale=locale)
        assert len(shown) <= TEXT_LIMIT
    assert "From the policy" not in said(replace(page, offset=PAGE_SIZE))
