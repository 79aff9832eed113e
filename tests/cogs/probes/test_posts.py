"""Probes in words: the titles of their alerts, and /probes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.domain.systems import HttpTarget
from bot.i18n import Texts
from bot.runbook import load_policy
from bot.ui.words.wording import Wording
from cogs.probes.posts import ProbeTitles, listing, percentage
from cogs.probes.rules import (
    ProbeCounts,
    ProbeEvent,
    ProbeRules,
    ProbeShown,
    ProbesShown,
    ProbeState,
    ProbeStatus,
)
from tests.cogs.probes.prober import good, unreachable, wrong

POLICY = load_policy(None)
WORDS = Wording(Texts.load(), POLICY)
ENGLISH = Wording(Texts.load(), replace(POLICY, language="en"))
RULES = ProbeRules("api", "api.parky.co.jp", HttpTarget("https://api.parky.co.jp/health"), "SEV1")
STATUS = ProbeStatus("api", 1, datetime(2026, 11, 28, tzinfo=UTC))


def test_titles_say_what_happened_and_why() -> None:
    """The titles of a probe's alerts say in the team's language what happened and why.

    The prober's own title is in the team's language, too.
    """
    titles = ProbeTitles(Texts.load(), POLICY)
    assert titles.of(RULES, ProbeEvent.DOWN, unreachable()) == (
        "api.parky.co.jp がダウン：時間内に応答がない"
    )
    assert titles.of(RULES, ProbeEvent.OVER, good()) == "api.parky.co.jp が復旧：200、12 ms"
    assert "応答なし" in titles.of_prober(ProbeEvent.DOWN)
    english = ProbeTitles(Texts.load(), replace(POLICY, language="en"))
    assert english.of(RULES, ProbeEvent.DOWN, wrong()) == ("api.parky.co.jp is down: HTTP 503 (expected 200)")


def test_each_probe_is_a_line_with_its_availability() -> None:
    """One that was never asked has none."""
    down = replace(STATUS, state=ProbeState.DOWN, result=wrong())
    shown = ProbesShown(
        (
            ProbeShown(RULES, down, ProbeCounts(ok=1998, failed=2)),
            ProbeShown(replace(RULES, name="dev"), None, ProbeCounts()),
        ),
        is_cut_off=True,
    )
    assert listing(WORDS, shown).splitlines() == [
        "📡 **プローブ** · 2 件",
        "🔌 どの対象にも接続できません。bot 側のネットワークを確認してください。",
        "⛔ `api` ダウン：HTTP 503 (正常なら 200) · 24 時間 99.9 %",
        "⏳ `dev` 結果待ち：–",
    ]
    assert "⛔ `api` down: HTTP 503 (expected 200) · 24 h 99.9 %" in listing(ENGLISH, shown)


def test_200_probes_fit_into_a_message() -> None:
    """A list of 200 probes fits into one message, which says how many probes are left out."""
    many = [ProbeShown(replace(RULES, name=f"p{n}"), STATUS, ProbeCounts(ok=1)) for n in range(200)]
    said = listing(WORDS, ProbesShown(tuple(many)))
    assert len(said) <= 2_000
    left = int(said.rpartition("ほか ")[2].partition(" ")[0])
    assert left + said.count("`p") == 200


@pytest.mark.parametrize(
    ("share", "said"), [(1.0, "100 %"), (0.99999, "99.99 %"), (0.5, "50 %"), (0.0, "0 %")]
)
def test_only_a_target_that_never_failed_has_100(share: float, said: str) -> None:
    """The share of successful probes is cut, not rounded, so that 100 % means no failure at all."""
    assert percentage(share) == said
