"""The message with the state of every system, and its words elsewhere."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.errors import OutboundProblem
from bot.domain.systems import CheckResult, Fact, SystemKind, SystemState, worst_first
from bot.ui.posts.renderer import render
from bot.ui.words.systems import plain_line
from cogs.checks.rules import CheckDelivery, ChecksShown
from tests.unit.ui.samples import EN, JA, PLACED, delivery, over_limits

AT = datetime(2026, 11, 24, 5, 14, 7, tzinfo=UTC)
DOWN = CheckResult(
    system=SystemKind.HTTP,
    name="admin.parky.co.jp",
    state=SystemState.DOWN,
    fact=Fact.WRONG_STATUS,
    values={"status": "503", "expected": "200"},
    url="https://admin.parky.co.jp/health",
)
FINE = CheckResult(
    system=SystemKind.HTTP,
    name="api.parky.co.jp",
    state=SystemState.OK,
    fact=Fact.RESPONDS,
    values={"status": "200", "ms": "120"},
)
LIMITED = CheckResult(
    system=SystemKind.GITHUB,
    name="parky/parky",
    state=SystemState.UNKNOWN,
    fact=Fact.PROBLEM,
    values={"problem": "rate_limited", "wait_s": "60"},
)


def body(shown: ChecksShown, words: object = JA) -> dict[str, object]:
    made = render(words, delivery(CheckDelivery.POST, data=shown.to_json()), PLACED)  # type: ignore[arg-type]
    assert over_limits(made) == []
    return made


def content(shown: ChecksShown, words: object = JA) -> str:
    return str(body(shown, words)["content"])


def test_it_fills_in_and_has_its_button_at_the_end() -> None:
    """The message fills in while a round of checks runs, and gets its button when the round is over.

    Pressing the button earlier would change nothing.
    """
    begun = body(ChecksShown())
    assert "確認中…" in str(begun["content"])
    partly = ChecksShown(systems=3).with_results([FINE])
    assert "1/3" in content(partly)
    assert "components" not in body(partly) or not body(partly)["components"]
    over = ChecksShown(results=(FINE,), systems=1, finished_at=AT)
    assert "14:14:07" in content(over)
    assert "もう一度確認" in str(body(over)["components"])


def test_the_worst_comes_first_with_sign_fact_and_link() -> None:
    """One line for each; what was not set up is one small line."""
    shown = ChecksShown(systems=3, unconfigured=(SystemKind.SENTRY, SystemKind.PAGES), finished_at=AT)
    lines = content(shown.with_results([FINE, LIMITED, DOWN])).splitlines()
    assert lines[1:] == [
        "⛔ [admin.parky.co.jp](<https://admin.parky.co.jp/health>)：HTTP 503 (正常なら 200)",
        "❓ GitHub Actions parky/parky：レート制限中 (429)、1 分後に再開",
        "✅ api.parky.co.jp：200、120 ms",
        "-# 未設定：Sentry、Pages",
    ]


def test_many_systems_stay_half_a_phone_screen() -> None:
    """The healthy ones share a line then."""
    many = [FINE.__class__(**{**vars(FINE), "name": f"{n}.parky.co.jp"}) for n in range(9)]
    shown = ChecksShown(systems=10, finished_at=AT, asked_by="佐藤").with_results([*many, DOWN])
    lines = content(shown).splitlines()
    assert len(lines) == 3
    assert "佐藤" in lines[0]
    assert lines[1].startswith("⛔")
    assert lines[2].startswith("✅ 異常なし：0.parky.co.jp、1.parky.co.jp")


@pytest.mark.parametrize("words", [JA, EN])
@pytest.mark.parametrize("problem", list(OutboundProblem))
def test_each_problem_has_words(words: object, problem: OutboundProblem) -> None:
    """Every problem of a delivery reads as one line with ❓ and the system's name, in both languages."""
    result = CheckResult(
        system=SystemKind.PAGES,
        state=SystemState.UNKNOWN,
        fact=Fact.PROBLEM,
        values={"problem": problem.value},
    )
    assert plain_line(words, result).count("❓ Pages") == 1  # type: ignore[arg-type]


@pytest.mark.parametrize("words", [JA, EN])
@pytest.mark.parametrize("fact", list(Fact))
def test_each_fact_has_words_even_if_a_value_is_missing(words: object, fact: Fact) -> None:
    """An older version may have stored fewer."""
    result = CheckResult(system=SystemKind.SENTRY, state=SystemState.OK, fact=fact, values={"at": "soon"})
    assert "{" not in plain_line(words, result)  # type: ignore[arg-type]


def test_what_a_system_says_is_inert() -> None:
    """A title of Sentry is the users' text; an address cannot leave its link."""
    issue = CheckResult(
        system=SystemKind.SENTRY,
        state=SystemState.DEGRADED,
        fact=Fact.NEW_ISSUES,
        values={"count": "2", "title": "@here [x](https://evil.example) *boom*", "minutes": "15"},
        url="https://sentry.example/1>) @here",
    )
    said = content(ChecksShown(results=(issue,), systems=1, finished_at=AT))
    assert "@here" not in said
    assert "[x](https" not in said


def test_a_hundred_results_of_bad_news_fit() -> None:
    """Of a hundred results without good news, a message within Discord's limits shows the worst."""
    limited = [replace(LIMITED, name=f"{n}" + "x" * 70) for n in range(94)]
    down = [replace(DOWN, name=f"{n}" + "x" * 70) for n in range(6)]
    lines = content(ChecksShown(systems=100, finished_at=AT).with_results([*limited, *down])).splitlines()[1:]
    assert [line[0] for line in lines] == ["⛔"] * 6 + ["❓"] * (len(lines) - 6)
    assert 6 < len(lines) < 100


def test_worst_first_is_stable_by_kind_and_name() -> None:
    """The same results give the same message."""
    assert worst_first([FINE, LIMITED, DOWN]) == worst_first([DOWN, FINE, LIMITED]) == [DOWN, LIMITED, FINE]
