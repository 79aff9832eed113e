"""The commands' words in Japanese."""

from pathlib import Path
from typing import cast

import discord
import pytest
from discord import app_commands

from bot.i18n import TextError, Texts
from bot.i18n.translator import CommandTranslator

JAPANESE = discord.Locale.japanese
#: What discord.py passes along; the translator looks at the string alone.
CONTEXT = cast(
    "app_commands.TranslationContextTypes",
    app_commands.TranslationContext(app_commands.TranslationContextLocation.other, data=None),
)


@pytest.fixture
def translator(tmp_path: Path) -> CommandTranslator:
    """Over one command."""
    (tmp_path / "commands.toml").write_text(
        '[triage.description]\nja = "重大度を決める"\nen = "Find the severity"', encoding="utf-8"
    )
    return CommandTranslator(Texts.load(tmp_path))


async def test_japanese_gets_its_words(translator: CommandTranslator) -> None:
    """The key leads to the text."""
    asked = app_commands.locale_str("Find the severity", key="commands.triage.description")
    assert await translator.translate(asked, JAPANESE, CONTEXT) == "重大度を決める"


async def test_other_languages_keep_the_default(translator: CommandTranslator) -> None:
    """A command gets no localisation for British English, so Discord shows the English default."""
    asked = app_commands.locale_str("Find the severity", key="commands.triage.description")
    assert await translator.translate(asked, discord.Locale.british_english, CONTEXT) is None


async def test_a_string_without_a_key_is_left_alone(translator: CommandTranslator) -> None:
    """A command's string without a key, such as the choice SEV1, is not translated."""
    assert await translator.translate(app_commands.locale_str("SEV1"), JAPANESE, CONTEXT) is None


async def test_the_code_and_the_english_text_must_agree(translator: CommandTranslator) -> None:
    """The translator refuses a command whose words in the code are not the English text.

    Otherwise one of the two would be out of date.
    """
    asked = app_commands.locale_str("Find out how bad", key="commands.triage.description")
    with pytest.raises(TextError, match="Find out how bad"):
        await translator.translate(asked, JAPANESE, CONTEXT)


def test_the_shipped_names_obey_discord() -> None:
    """The names and descriptions of the commands obey Discord's rules in both languages.

    A name has 1-32 characters, in lower case and without blanks; a description has 1-100 characters.
    """
    texts = Texts.load()
    for key, entry in texts.by_key.items():
        if not key.startswith("commands."):
            continue
        for words in entry.values():
            if key.endswith(".name"):
                assert app_commands.commands.validate_name(words) == words
            assert 1 <= len(words) <= 100, key
