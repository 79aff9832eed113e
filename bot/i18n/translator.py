"""The commands' names, descriptions, options and choices in a person's own Discord language."""

from collections.abc import Callable
from typing import TypeVar

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.texts import TextError, Texts

#: The extra of a `locale_str` that names its text: ``locale_str("triage", key="commands.triage.name")``.
KEY = "key"


class CommandTranslator(app_commands.Translator):
    """Looks a `locale_str` up in ``commands.toml`` when the commands are synced.

    The words in the code are the English ones and Discord's default for every other language, so only
    Japanese is sent as a localisation.
    """

    def __init__(self, texts: Texts) -> None:
        self._texts = texts

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002  # discord.py's signature
    ) -> str | None:
        """Return the Japanese words for *string*, or None to leave the default.

        Raises:
            TextError: its key has no text, or the English text is not the one in the code.
        """
        key = string.extras.get(KEY)
        if key is None or locale is not discord.Locale.japanese:
            return None
        if self._texts.say("en", key) != string.message:
            raise TextError(f"{key}: the code says {string.message!r}")
        return self._texts.say(locale, key)


_Callback = TypeVar("_Callback")


def described(**options: locale_str) -> Callable[[_Callback], _Callback]:
    """Describe each option, and give it the name ``commands.option.<name>`` of a person's language.

    Discord answers with the English name, whatever a person sees. Commands themselves keep one name for all:
    people tell each other what to type.

    Args:
        options: What each is for, by parameter; one that Python reserves ends in ``_``.
    """
    names = {parameter: parameter.rstrip("_") for parameter in options}
    renamed = {
        parameter: locale_str(name, **{KEY: f"commands.option.{name}"}) for parameter, name in names.items()
    }

    def decorate(callback: _Callback) -> _Callback:
        return app_commands.rename(**renamed)(app_commands.describe(**options)(callback))

    return decorate
