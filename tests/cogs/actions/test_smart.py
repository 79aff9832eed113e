"""What counts as an action item that can be done, and be seen to be done."""

import pytest

from cogs.actions.rules import (
    WHAT_LIMIT,
    VagueActionItem,
    specific,
    verifiable,
)

WHAT = "決済 API のリトライ上限を 3 回にする"


@pytest.mark.parametrize(
    "text",
    [
        WHAT,
        "Cap retries of the payment API at 3",
        "Sentry の payment_intent_failed を P0 に上げる",
        "Add an alert on queue depth > 1000",
        "監視を Workers ごとに分ける",
    ],
)
def test_what_names_a_change_passes(text: str) -> None:
    """An action item that names a change is accepted, and stays as it was typed."""
    assert specific(text) == text


def test_several_lines_become_one() -> None:
    """A message that was pasted; what is too long is cut."""
    assert specific("リトライ上限を\n3 回にする") == "リトライ上限を 3 回にする"
    assert len(specific("リトライ上限" * 100)) == WHAT_LIMIT


@pytest.mark.parametrize(
    "text",
    [
        *("確認する", "気をつける", "今後もっと気をつける。", "対応", "再発防止を行う", "未定"),
        *("fix it", "Improve things!", "be more careful next time", "Look into the issue", "TBD"),
        "🔥" * 8,
    ],
)
def test_what_names_no_change_is_refused(text: str) -> None:
    """A vague action item, whose completion cannot be checked, is refused."""
    with pytest.raises(VagueActionItem) as refused:
        specific(text)
    assert refused.value.key == "action_item.what_vague"


@pytest.mark.parametrize(
    "text", ["負荷試験で 5xx が 0.1% 未満のまま 30 分", "k6 at 200 rps: no 5xx for 30 minutes"]
)
def test_a_way_to_see_it_passes(text: str) -> None:
    """A verification that names a figure or a test is accepted as it was typed."""
    assert verifiable(text, what=WHAT) == text


@pytest.mark.parametrize(
    "text", ["様子を見る", "目視", "問題ないこと", "テストする", "it works", "test it", "looks good", "確認"]
)
def test_no_way_to_see_it_is_refused(text: str) -> None:
    """A verification that would be true on any day is refused as vague."""
    with pytest.raises(VagueActionItem) as refused:
        verifiable(text, what=WHAT)
    assert refused.value.key == "action_item.verification_vague"


def test_saying_it_again_is_no_verification() -> None:
    """A verification that only repeats what is to be done is refused, even with a full stop at its end."""
    with pytest.raises(VagueActionItem) as refused:
        verifiable(f"{WHAT}。", what=WHAT)
    assert refused.value.key == "action_item.verification_same"


@pytest.mark.parametrize("text", ["", " \n", "\u200b"])
def test_what_is_missing_is_named(text: str) -> None:
    """An action item without its change, or without its verification, is refused for that part."""
    with pytest.raises(VagueActionItem) as refused:
        specific(text)
    assert refused.value.key == "action_item.what_missing"
    with pytest.raises(VagueActionItem) as refused:
        verifiable(text, what=WHAT)
    assert refused.value.key == "action_item.verification_missing"
