"""The words that the texts use for one thing each, and those they avoid."""

import re
from typing import Final

import pytest

from bot.i18n import Texts
from bot.i18n.texts import LANGUAGES

#: A command's name in a menu is one for all languages.
NAMES_OF_COMMANDS: Final = {"commands.triage_message"}

#: Not this, but that. A pattern of Japanese, and what a native says in its place.
NOT_IN_JAPANESE: Final = {
    "空席": "未定",
    "経路": "判定",
    "済んだ手順": "完了した手順",
    "判定に加わ": "トリアージに参加",
    "重い方の": "安全側で…として扱います",
    r"\*\*はあなたです": "あなたが…担当です",
    "古い方|新しい方": "前のページ, 次のページ",
    "方針ファイル|ポリシー|policy": "設定ファイル",
    "Bot|ボット": "bot",
    "二つの番|{who} の番|その番": "シフト",
    "終わりは未定": "終了日なし",
    "担当 {people}|担当者に|担当に|担当がい": "当番",
    "時間間": "時間",
    "決定木": "判定フロー",
    "(?<![/a-z])triage": "トリアージ",
    "代わり": "代理",
    "on-call": "当番",
    r"(?<=[ぁ-んァ-ヶ一-龥}]): ": "：",
    r"(?<=か)\?": "？",
}

#: Not this, but that. A pattern of English, and what an SRE says in its place.
NOT_IN_ENGLISH: Final = {
    r"counts as the": "is treated as, to be safe",
    "graver": "more severe",
    "Choose any number": "Select all that apply",
    "[Ss]hould it be back": "If it comes back",
    "no end in sight": "until further notice",
    "to mend": "to fix",
    "how it stands": "the state",
    "to do with another": "related",
    "vacant": "unassigned",
    "database is away": "database is down",
    "lies ahead": "is in the future",
    "somebody else|[Aa]sk somebody": "someone",
    r"[Pp]ut \{emoji\} on": "React with … to",
    r"the on-call(?![ -]\w)": "the person on call",
}


@pytest.mark.parametrize(
    ("language", "pattern", "instead"),
    [
        *[("ja", *each) for each in NOT_IN_JAPANESE.items()],
        *[("en", *each) for each in NOT_IN_ENGLISH.items()],
    ],
)
def test_the_texts_say_that_instead(language: str, pattern: str, instead: str) -> None:
    """A word that reads translated, or a second word for the same thing, comes back unnoticed otherwise."""
    found = [
        key
        for key, entry in Texts.load().by_key.items()
        if key not in NAMES_OF_COMMANDS and re.search(pattern, entry[language])
    ]
    assert found == [], f"say {instead!r}"


def test_each_pattern_would_find_its_word() -> None:
    """A pattern that matches nothing would hold nothing out."""
    said = {
        "ja": "空席 経路 済んだ手順 判定に加わる 重い方の **指揮**はあなたです 古い方 方針ファイル 二つの番 "
        "終わりは未定 担当に DM 1 時間間 決定木 が triage 中 代わり 理由: x しますか? on-call に ボット",
        "en": "it counts as the graver answer. Choose any number. Should it be back, no end in sight, "
        "2 to mend, how it stands, to do with another, vacant, the database is away, lies ahead, "
        "somebody else, put {emoji} on it, DM to the on-call",
    }
    tables = dict(zip(LANGUAGES, (NOT_IN_JAPANESE, NOT_IN_ENGLISH), strict=True))
    for language, table in tables.items():
        assert [pattern for pattern in table if not re.search(pattern, said[language])] == []
