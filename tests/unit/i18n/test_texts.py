"""The texts: both languages, equal places, nothing missing and nothing idle."""

from pathlib import Path

import discord
import pytest

from bot.i18n import TextError, Texts, language_of
from bot.i18n.texts import LANGUAGES, placeholders
from tests.unit.i18n.keys_in_code import keys_in_code

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def texts() -> Texts:
    """Those that come with the package."""
    return Texts.load()


def test_every_text_has_both_languages_and_equal_places(texts: Texts) -> None:
    """Each text has exactly the two languages, with the same placeholders in both."""
    for entry in texts.by_key.values():
        assert sorted(entry) == sorted(LANGUAGES)
        assert placeholders(entry["ja"]) == placeholders(entry["en"])


def test_no_text_is_idle(texts: Texts) -> None:
    """A text that no code names would rot unread."""
    used = keys_in_code(ROOT / "bot", ROOT / "cogs", areas={key.partition(".")[0] for key in texts.by_key})
    assert [key for key in texts.by_key if not used.names(key)] == []


def test_no_key_in_the_code_lacks_its_text(texts: Texts) -> None:
    """Each key in the code has a text."""
    used = keys_in_code(ROOT / "bot", ROOT / "cogs", areas={key.partition(".")[0] for key in texts.by_key})
    assert used.lacking(texts.by_key) == []


def test_japanese_is_for_japanese_only() -> None:
    """The bot answers in Japanese for the locale `ja`, and in English for any other locale."""
    assert language_of(discord.Locale.japanese) == language_of("ja") == "ja"
    assert {language_of(other) for other in ("en", "en-US", "de", discord.Locale.korean)} == {"en"}


def test_say_fills_the_places(texts: Texts) -> None:
    """The words come in the language that was asked for; fields without a place do no harm."""
    assert texts.say("ja", "time.minutes", count=5, unused=1) == "5 分"
    assert texts.say(discord.Locale.french, "time.minutes", count=5) == "5 min"
    assert "time.minutes" in texts
    assert "time.moons" not in texts


def test_say_is_loud_about_an_unknown_key(texts: Texts) -> None:
    """A wrong key is a bug."""
    with pytest.raises(TextError, match=r"time\.moons"):
        texts.say("ja", "time.moons")


def test_say_is_loud_about_a_missing_field(texts: Texts) -> None:
    """A text whose placeholder gets no value raises an error that names the placeholder."""
    with pytest.raises(TextError, match="count"):
        texts.say("ja", "time.minutes")


@pytest.mark.parametrize(
    ("toml", "complaint"),
    [
        ('[a]\nja = "x"', "area.a: has ['ja'], wants"),
        ('[a]\nja = "x {n}"\nen = "x"', "area.a: the placeholders differ: ['n']"),
        ('[a]\nja = "{}"\nen = "{}"', "area.a: a place needs a plain name"),
        ('[a]\nja = "{x.y}"\nen = "{x.y}"', "area.a: a place needs a plain name"),
        ('[a]\nja = "{"\nen = "{"', "area.a: "),
        ('[a]\nja = "x"\nen = "x"\nfr = "x"', "area.a: has ['en', 'fr', 'ja']"),
        ('[a]\nja = "x"\nen = "x"\n[a.b]\nja = "x"\nen = "x"', "area.a: is a text and holds others: ['b']"),
        ("[a]\nja = 1", "area.a: neither words nor a table: ['ja']"),
        ("a", "area: is not TOML"),
    ],
)
def test_load_names_what_is_wrong(tmp_path: Path, toml: str, complaint: str) -> None:
    """A wrong file of texts is refused with a message that says where the mistake is and what is wrong."""
    (tmp_path / "area.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no texts", encoding="utf-8")
    with pytest.raises(TextError) as refused:
        Texts.load(tmp_path)
    assert complaint in str(refused.value)
