"""The words: both languages side by side in ``texts/*.toml``, and the translator of the commands."""

from bot.i18n.texts import LANGUAGES, TextError, Texts, language_of

__all__ = ["LANGUAGES", "TextError", "Texts", "language_of"]
