"""The options of a command in every language: their names as well as what they are for."""

from collections.abc import Callable
from typing import TypeVar

from discord import app_commands
from discord.app_commands import locale_str

from bot.i18n.translator import KEY

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
