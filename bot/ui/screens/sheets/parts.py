"""The parts of a screen with commands: each command by itself, so that a phone copies it alone."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from discord import SelectOption, ui

from bot.domain.text import short_digest
from bot.domain.triage.tree import Text
from bot.ui.components import Row, link, row, select_row, text
from bot.ui.words.inert import plain
from bot.ui.words.wording import Wording

#: The select of topics. Of an incident, or of a target named by the digits of its digest ("-": none), and an
#: environment ("-": the target's).
OF_INCIDENT: Final = r"inc:v1:sheet:(?P<number>\d{1,18})"
OF_TARGET: Final = r"run:v1:sheet:(?P<target>[0-9a-f]{8}|-):(?P<env>[A-Za-z0-9._/-]{1,40})"

#: Discord takes 40 components in all; what else a screen has needs the rest.
MOST_BLOCKS: Final = 12

URL_LIMIT: Final = 512  # Discord: the address of a link button
_ROW_LIMIT: Final = 5
_OPTION_LIMIT: Final = 100  # Discord: an option's label and description


def blocks(shown: Sequence[str], *, budget: int) -> tuple[list[ui.TextDisplay[Any]], bool]:
    """Return the blocks that fit into *budget* characters, each as a text of its own; and if all of them do.

    A command that does not fit is left out: half a command is none.
    """
    fitting: list[str] = []
    for each in shown:
        if len(each) > budget:
            break
        budget -= len(each)
        fitting.append(each)
    alone, together = fitting[: MOST_BLOCKS - 1], fitting[MOST_BLOCKS - 1 :]
    made = [text(each) for each in alone] + ([text(*together)] if together else [])
    return made, len(fitting) == len(shown)


def link_rows(words: Wording, links: Sequence[tuple[Text, str]]) -> Iterator[Row | None]:
    """Yield rows of at most five link buttons."""
    fitting = [(label, url) for label, url in links if len(url) <= URL_LIMIT]
    for first in range(0, len(fitting), _ROW_LIMIT):
        some = fitting[first : first + _ROW_LIMIT]
        yield row(*(link(words.raw(label), url) for label, url in some))


def topic_select(words: Wording, custom_id: str, *, but: str = "", label: str = "select") -> Row | None:
    """Return the select of the policy's topics without the one that is shown; None if there are no others.

    Args:
        label: The key of its placeholder: "select" below commands, "choose" where there are none yet.
    """
    options = [
        SelectOption(
            label=plain(words.raw(sheet.title), limit=_OPTION_LIMIT),
            description=plain(sheet.commands[0].command, limit=_OPTION_LIMIT) or None,
            value=topic,
        )
        for topic, sheet in words.policy.sheets.items()
        if topic != but
    ]
    return select_row(custom_id, words.say(f"sheets.{label}"), options)


def incident_topics_id(number: int) -> str:
    """Return the custom id of the select of topics for an incident."""
    return f"inc:v1:sheet:{number}"


def target_topics_id(target: str | None, env: str | None) -> str:
    """Return the custom id of the select of topics for a target and an environment."""
    return f"run:v1:sheet:{target_digest(target)}:{env or '-'}"


def target_digest(target: str | None) -> str:
    """Return how a custom id names *target*: names are longer than an id may be."""
    return "-" if target is None else short_digest(target)
