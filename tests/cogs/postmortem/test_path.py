"""Where a postmortem goes: a path that any title gives, and that no title leads astray."""

import unicodedata
from datetime import date
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cogs.postmortem.facts import SLUG_BYTES, document_path, numbered, slug

PATTERN = "docs/ops/postmortems/{date}-{title}.md"


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("決済 API が 5xx", "決済-api-が-5xx"),
        ("ＡＰＩ　５ｘｘ", "api-5xx"),  # full-width: NFKC
        ("ﾃﾞｰﾀﾍﾞｰｽ停止", "データベース停止"),  # half-width kana, whose marks are composed
        ("API: payments/checkout – 500s!", "api-payments-checkout-500s"),
        ("../../etc/passwd", "etc-passwd"),
        ("..\\..\\boot.ini", "boot-ini"),
        ("a\0b\nc", "a-b-c"),
        ("Größe ÉTÉ", "größe-été"),
        ("สวัสดี", "สวัสด\u0e35"),  # a vowel sign stays with its letter
        ("-- -- x --", "x"),
        ("1️⃣ 番", "1-番"),
        ("🔥🔥🔥", "inc-42"),
        ("!?…", "inc-42"),
        ("", "inc-42"),
        ("\u0301", "inc-42"),  # a mark without a letter
    ],
)
def test_a_title_becomes_a_part_of_a_path(title: str, expected: str) -> None:
    """Letters of any script stay; everything that means something in a path goes."""
    assert slug(title, label="INC-42") == expected


@given(st.text(max_size=300))
def test_no_title_leads_out_of_the_folder(title: str) -> None:
    """One file name, of few enough bytes, that normalises to itself."""
    made = slug(title, label="INC-42")
    path = PurePosixPath(document_path(PATTERN, title=title, label="INC-42", day=date(2026, 11, 24)))
    assert path.parent == PurePosixPath("docs/ops/postmortems")
    assert path.name == f"2026-11-24-{made}.md"
    assert 0 < len(made.encode()) <= SLUG_BYTES
    assert not made.startswith("-")
    assert not made.endswith("-")
    assert "--" not in made
    assert all(sign == "-" or unicodedata.category(sign)[0] in "LNM" for sign in made)
    assert not any(sign.isspace() for sign in made)


@given(st.text(max_size=300))
def test_a_slug_of_a_slug_is_the_same(title: str) -> None:
    """The slug of a slug is the same, so a file name retyped as a title gives the same file."""
    made = slug(title, label="INC-42")
    assert slug(made, label="INC-42") == made


def test_a_long_title_is_cut_between_letters() -> None:
    """Three bytes each; the limit is one of bytes."""
    assert slug("あ" * 100, label="INC-42") == "あ" * (SLUG_BYTES // 3)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("docs/2026-11-24-x.md", "docs/2026-11-24-x-inc-42.md"),
        ("docs/x", "docs/x-inc-42"),
        ("a.b/x", "a.b/x-inc-42"),
    ],
)
def test_a_second_incident_of_that_title_gets_its_number(path: str, expected: str) -> None:
    """A postmortem's path gets the incident's number before its suffix, or at the end if it has none."""
    assert numbered(path, "INC-42") == expected
