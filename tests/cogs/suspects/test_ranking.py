"""Which past incidents are shown, and why."""

from cogs.suspects.rules import KnownReport, resembling

API, ADMIN = "api.parky.co.jp", "admin.parky.co.jp"
NOW = KnownReport(9, "決済 API が 5xx", (API,), ("errors",), "f1")
PAST = [
    KnownReport(8, "管理画面にログインできない", (ADMIN,), ("partial_failure",)),
    KnownReport(7, "決済APIが応答しない", (API,), ("full_outage",)),
    KnownReport(6, "満空情報の取得が遅い", (API,), ("slow",)),
    KnownReport(5, "検索結果が空になる", (), ()),
    KnownReport(4, "決済 API が 5xx", (API,), ("errors",)),
    KnownReport(3, "決済できない", (API,), ("errors",)),
]


def numbers(report: KnownReport, past: list[KnownReport]) -> list[int]:
    """What is shown, in order."""
    return [one.number for one in resembling(report, past)]


def test_the_most_similar_three_come_first() -> None:
    """The three most similar incidents are shown, the most similar first, each with the reasons.

    A reason is the same target, or the words that both titles have.
    """
    found = resembling(NOW, PAST)
    assert [one.number for one in found] == [4, 3, 7]
    assert found[2].same_targets == (API,)
    assert found[2].words == ("決済", "API")
    assert not found[2].same_alert


def test_the_same_alert_is_shown_even_if_its_title_has_changed() -> None:
    """The monitor's own fingerprint says more than words."""
    past = [*PAST[:4], KnownReport(2, "Checkout down", (), (), "f1")]
    found = {one.number: one for one in resembling(NOW, past)}
    assert found[2].same_alert
    assert found[2].words == ()


def test_two_without_an_alert_are_not_the_same_alert() -> None:
    """Two incidents without an alert do not count as incidents of the same alert."""
    assert numbers(KnownReport(9, "x", (), ()), [KnownReport(1, "y", (), ())]) == []


def test_an_incident_is_never_its_own_past() -> None:
    """An incident is not shown as similar to itself, even if it has ended by the time of the question."""
    assert numbers(NOW, [NOW]) == []


def test_the_same_words_about_another_target_are_another_trouble() -> None:
    """An incident with the same title about another target is not shown; one about the same target is."""
    assert numbers(NOW, [KnownReport(1, "決済 API が 5xx", (ADMIN,), ("slow",)), *PAST[:2]]) == [7]
