"""Commands in words: one with its label, and what can be chosen for what it leaves open."""

from collections.abc import Iterable, Iterator

from bot.domain.sheets import FilledCommand
from bot.ui.words.inert import code_block
from bot.ui.words.wording import Wording


def block(words: Wording, command: FilledCommand) -> str:
    """Return a command with its label: the code block is what a phone copies."""
    return f"**{words.pick(command.label)}**\n{code_block(command.command)}"


def choices_lines(words: Wording, names: Iterable[str]) -> Iterator[str]:
    """Yield for each placeholder without a value what can be chosen: "`<worker>`：public / admin"."""
    for name in dict.fromkeys(names):
        options = " / ".join(words.policy.target_values.options(name))
        if options:
            yield words.say("sheets.choices", name=name, options=options)
