"""Text that people typed has no effect: no mention, no markup, no masked link."""

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.text import cut
from bot.ui.words.inert import code_block, fair_share, inert, inert_lines, joined, plain

#: Text made mostly of what Discord reads as something.
SPITEFUL = st.lists(
    st.sampled_from(
        [
            *"\\*_~`|<>[]()#@-:/ \n\t\0aあ🔴",
            "@everyone", "@here", "<@1>", "<@&2>", "<#3>", "<t:1:R>", "[x](https://a.example)", "||x||",
            "https://b.example/p_q_r", "\u202e", "\u200b", "\u2066", "\ufeff", "\u00ad", "\ud800",
            "```", "> ", "# ",
        ]
    ),
    max_size=200,
).map("".join)  # fmt: skip
MEANS_SOMETHING = re.compile(
    r"@|(?<!\\)(?:\\\\)*[*_~`|]|(?<!\\)(?:\\\\)*<(?!https?://)|\]\(|^[ \t]*[#>-]", re.MULTILINE
)
ADDRESS = re.compile(r"<https?://[^\s<>]+>")


@example("]\\(", 50)  # a backslash that is shown is between the two: no link
@given(SPITEFUL, st.integers(50, 400))
def test_nothing_takes_effect(text: str, limit: int) -> None:
    """No mention, markup, masked link or invisible sign is left; the length is kept."""
    for made in (inert(text, limit=limit), inert_lines(text, limit=limit)):
        assert len(made) <= limit
        assert not MEANS_SOMETHING.search(ADDRESS.sub("x", made))
        assert not [
            sign for sign in made if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cf", "Cs")
        ]


@given(SPITEFUL)
def test_one_line_stays_one(text: str) -> None:
    """A line break in a title would let it speak in the bot's name."""
    assert "\n" not in inert(text, limit=400)
    assert "\n" not in plain(text, limit=100)


@given(SPITEFUL)
def test_nothing_leaves_a_code_block(text: str) -> None:
    """Three backticks end it: there are two triples, ours."""
    block = code_block(text)
    assert block.count("```") == 2
    assert block.endswith("\n```")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("決済 API が 5xx", "決済 API が 5xx"),
        ("api.parky.co.jp (prod) - 50% [P0]", "api.parky.co.jp (prod) - 50% [P0]"),
        ("@here <@1>", "＠here \\<＠1>"),
        ("*a* _b_ ~~c~~ `d` ||e||", "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\` \\|\\|e\\|\\|"),
        ("[見て](https://a.example/x_y)", "[見て]\\(<https://a.example/x_y>)"),
        ("# 大きい", "\\# 大きい"),
        ("a\u202eb\u200bc\n d", "abc d"),
    ],
)
def test_it_reads_as_it_was_typed(typed: str, shown: str) -> None:
    """Typed text reads as it was typed: signs are escaped where they need it, and nowhere else."""
    assert inert(typed, limit=400) == shown


def test_lines_are_kept_where_asked() -> None:
    """A note may have several; each begins harmlessly."""
    assert inert_lines("一\r\n- 二\n> 三", limit=400) == "一\n\\- 二\n\\> 三"


def test_a_cut_never_splits_an_escape() -> None:
    """A lone backslash at the end would escape what follows."""
    assert inert("ab*cd", limit=4) == "ab…"
    assert inert("ab*c", limit=5) == "ab\\*c"
    assert cut("abc", limit=3) == "abc"
    assert cut("abcd", limit=3) == "ab…"


def test_a_list_says_how_many_are_left_out() -> None:
    """A list shows as many entries as fit, but at least one, and says how many are left out."""
    targets = [f"target-{number}" for number in range(25)]
    assert joined(targets, separator=", ", limit=45, more=" ほか {count} 件") == (
        "target-0, target-1, target-2 ほか 22 件"
    )
    assert joined(["x" * 90, "y"], separator=", ", limit=50, more=" +{count}") == "x" * 46 + "… +1"
    assert joined([], separator=", ", limit=50, more="") == ""


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.integers(12, 4_000))
def test_a_fair_share_lets_all_fit_and_cuts_no_more_than_it_must(lengths: list[int], limit: int) -> None:
    """With the fair share, all texts fit together and as little as possible is cut."""
    share = fair_share(lengths, limit=limit)
    taken = sum(min(length, share) for length in lengths)
    assert taken <= limit
    if taken < sum(lengths):
        assert limit - taken < len(lengths)
