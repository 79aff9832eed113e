"""Whether two reports have the same trouble; how often that is right is tested on the labelled list."""

from dataclasses import dataclass

import pytest

from bot.domain.incident.relations import THRESHOLD, Rarity, most_similar, score, words_of


@dataclass(frozen=True)
class Told:
    """A report."""

    title: str
    targets: tuple[str, ...] = ()
    symptoms: tuple[str, ...] = ()


NOTHING_KNOWN = Rarity.of(())


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("決済APIが応答しない", {"決済", "api", "応答", "答し"}),
        ("ﾛｸﾞｲﾝできない", {"ログ", "グイ", "イン"}),
        ("API returning 502s", {"api", "return", "5xx"}),
        ("Users can't log in", {"user", "login"}),
        ("Login times out", {"login", "timeout"}),
        ("charged twice, charges twice", {"charg", "twice"}),
        ("満", {"満"}),
        ("91% / 3 件 !!", {"件"}),
        ("", set()),
    ],
)
def test_words(title: str, words: set[str]) -> None:
    """Folded, without endings, numbers and grammar; Japanese in pairs of characters."""
    assert set(words_of(title)) == words


def test_a_run_of_japanese_weighs_as_one_word() -> None:
    """A long word in katakana does not drown the others."""
    assert sum(words_of("レスポンス").values()) == pytest.approx(1)
    assert words_of("api") == {"api": 1}


def test_a_rare_word_tells_more_than_a_frequent_one() -> None:
    """Titles that share a rare word score higher than titles that share a frequent one, here 「決済」."""
    titles = ["決済 エラー", "決済 遅延", "決済 領収書", "満空 エラー"]
    rarity = Rarity.of(titles)
    frequent = score(Told("決済 A1"), Told("決済 B1"), rarity)
    rare = score(Told("満空 A1"), Told("満空 B1"), rarity)
    assert frequent < rare


@pytest.mark.parametrize("title", ["出口ゲートが開かない", "ゲートが開かず車が出られない"])
def test_what_two_titles_share_is_not_frequent_because_of_them(title: str) -> None:
    """The only incident of a server is found as it would be if no title were counted."""
    known = Told("出庫ゲートが開かない (api が 5xx)", ("api.parky.co.jp",), ("errors",))
    alone, both = Rarity.of([known.title]), Rarity.of([known.title, title])
    unknown = score(Told(title), known, NOTHING_KNOWN)
    assert unknown >= THRESHOLD
    assert [score(Told(title), known, rarity) for rarity in (alone, both)] == pytest.approx([unknown] * 2)


def test_the_same_words_at_another_target_are_another_trouble() -> None:
    """A dev alert is no twin of the production's; without a target nothing speaks against it."""
    api, dev = Told("決済 API が 5xx", ("api.parky.co.jp",)), Told("決済 API が 5xx", ("dev-*",))
    assert score(api, dev, NOTHING_KNOWN) < THRESHOLD
    assert score(api, Told("決済 API が 5xx"), NOTHING_KNOWN) >= THRESHOLD


def test_symptoms_tell_less_than_words() -> None:
    """Reports with the same words are similar despite other symptoms.

    The same symptom and target do not make reports with other words similar.
    """
    where = ("api.parky.co.jp",)
    one = Told("決済が通らない", where, ("errors",))
    assert score(one, Told("決済が通らない", where, ("slow",)), NOTHING_KNOWN) >= THRESHOLD
    assert score(one, Told("地図が真っ白", where, ("errors",)), NOTHING_KNOWN) < THRESHOLD


def test_the_name_of_a_target_is_no_word_of_the_trouble() -> None:
    """The name of their common target in both titles does not make two reports similar."""
    where = ("parky.co.jp",)
    one, other = Told("parky.co.jp の DNS が引けない", where), Told("parky.co.jp の地図が真っ白", where)
    assert score(one, other, NOTHING_KNOWN) < THRESHOLD


def test_the_most_similar_one_is_found_or_none() -> None:
    """The first of several that are as similar."""
    report = Told("決済 API が 5xx")
    known = [
        Told("地図が真っ白"),
        Told("決済APIが応答しない"),
        Told("決済 API が 503"),
        Told("決済 API が 500"),
    ]
    assert most_similar(report, known, NOTHING_KNOWN) is known[2]
    assert most_similar(report, known[:1], NOTHING_KNOWN) is None
    assert most_similar(report, [], NOTHING_KNOWN) is None


def test_any_title_is_compared() -> None:
    """One without a word is similar to nothing, itself included."""
    odd = [Told(""), Told("!!"), Told("123"), Told("ない"), Told("が"), Told("\ud83d\ude00")]
    assert all(score(one, other, NOTHING_KNOWN) < THRESHOLD for one in odd for other in odd)
