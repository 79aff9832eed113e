"""The words: both languages side by side in ``texts/*.toml``, and the translator of the commands."""

from bot.i18n.texts import TextError, Texts, language_of

__all__ = ["TextError", "Texts", "language_of"]
