"""Test the words that are shown as common to two titles."""

import pytest

from cogs.suspects.rules import words_in_common


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("管理画面が開かない", "admin の管理画面が 502 で開けません", ["管理画面"]),
        ("users can't log in", "Login broken for everyone", ["Login"]),
        ("Checkout timeouts", "timeout on checkout", ["timeout", "checkout"]),
        ("決済APIが5xx", "決済 API が 502、api は半分だけ", ["決済", "API", "502"]),
        ("予約が多い", "多いときの予約", ["多い", "予約"]),
        ("", "決済", []),
    ],
)
def test_words_are_as_the_other_title_spells_them(one: str, other: str, common: list[str]) -> None:
    """Pairs of characters are joined; English keeps its endings and its capitals; each word comes once."""
    assert [*words_in_common(one, other)] == common


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("管理画面が開かない", "アプリが開かない", ["開かない"]),
        ("管理画面が開かない", "管理画面が開かず報告多数", ["管理画面"]),
        ("予約が開かない", "アプリが開かず報告多数", []),
        ("全画面落ちている", "画面落ちた", ["画面"]),
        ("問い合わせ急増", "問い合わせが届かない", ["問い合わせ"]),
        ("検索が遅い", "検索が遅いです", ["検索", "遅い"]),
        ("検索が遅いです", "検索が遅い", ["検索", "遅い"]),
    ],
)
def test_an_inflected_word_is_shown_whole_or_not_at_all(one: str, other: str, common: list[str]) -> None:
    """A common word is shown as far as both titles share it, but never as a cut verb or adjective.

    開か of 開かない and 開かず is no word.
    """
    assert [*words_in_common(one, other)] == common


@pytest.mark.parametrize(
    ("one", "other", "common"),
    [
        ("サーバーが落ちた", "サービスが重い", []),
        ("決済エラー", "ミラー", []),
        ("決済サーバー", "決済サービス", ["決済"]),
        ("新規画像ミラー切替", "エラー切替", ["切替"]),
        ("ログインできない", "ログインエラー", ["ログイン"]),
        ("ログインエラー", "ログインできない", ["ログイン"]),
    ],
)
def test_a_piece_of_a_katakana_word_is_no_word(one: str, other: str, common: list[str]) -> None:
    """Unless it is a word of its own in one of the titles."""
    assert [*words_in_common(one, other)] == common
