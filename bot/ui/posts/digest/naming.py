"""How a digest names incidents and people, where links and mentions work and on a terminal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.domain.digest import Digest
from bot.domain.incident.incident import Incident
from bot.domain.oncall.people import OnCallPerson
from bot.domain.statistics.examples import ExampleOf
from bot.domain.statistics.figures import SeverityFigures
from bot.ui.words.inert import inert, plain
from bot.ui.words.links import home_url
from bot.ui.words.wording import Wording

TITLE_LIMIT: Final = 80
SEVERITY_LIMIT: Final = 40
NAME_LIMIT: Final = 60

#: How one incident's name is shown, and its title.
Show = Callable[[Incident], tuple[str, str]]

#: How a person is shown.
ShowPerson = Callable[[OnCallPerson], str]


@dataclass(frozen=True, slots=True)
class DigestSection:
    """One section of the digest: a heading and its lines."""

    heading: str
    lines: tuple[str, ...]


def linked(incident: Incident) -> tuple[str, str]:
    """Show an incident where a link can be pressed."""
    url = home_url(incident)
    name = incident.label if url is None else f"[{incident.label}]({url})"
    return name, inert(incident.title, limit=TITLE_LIMIT)


def named(incident: Incident) -> tuple[str, str]:
    """Return the label and the title of an incident for a terminal."""
    return incident.label, plain(incident.title, limit=TITLE_LIMIT)


def mentioned(person: OnCallPerson) -> str:
    """Show a person under the name that Discord has; a mention in an embed notifies no one."""
    return f"<@{person.user_id}>" if person.user_id is not None else inert(person.name, limit=NAME_LIMIT)


def called(person: OnCallPerson) -> str:
    """Return the name of a person for a terminal."""
    return plain(person.name, limit=NAME_LIMIT)


def severity_name(one: SeverityFigures) -> str:
    """Return a severity's name, which the policy may have had once."""
    return inert(one.severity, limit=SEVERITY_LIMIT)


def leading(  # what is shown of which week, where, and otherwise
    words: Wording, week: Digest, show: Show, of: ExampleOf, name: str = "", *, otherwise: str = "stats show"
) -> str:
    """Return where a line of figures leads, to append: " · 最新 INC-42".

    Args:
        otherwise: The command that it leads to without an example.
    """
    example = week.examples.of(of, name)
    if example is None:
        return looked_up(words, otherwise)
    return words.say(f"digest.example.{of}", name=show(example)[0])


def looked_up(words: Wording, command: str) -> str:
    """Return the command that tells more of a line, to append; empty where it cannot be pressed."""
    mention = words.command(command)
    return f" · {mention}" if mention else ""


def incident_lines(words: Wording, incidents: Sequence[Incident], show: Show) -> list[str]:
    """Return a line for each, and one that counts the private ones, because everybody reads it."""
    lines = [_incident(words, one, show) for one in incidents if not one.is_private]
    private = len(incidents) - len(lines)
    return [*lines, private_line(words, private, "incident list")] if private else lines


def private_line(words: Wording, count: int, command: str) -> str:
    """Count what is private: the people who may see it find it by *command*."""
    return words.say("digest.item.private", count=count) + looked_up(words, command)


def _incident(words: Wording, incident: Incident, show: Show) -> str:
    name, title = show(incident)
    severity = inert(incident.severity, limit=SEVERITY_LIMIT)
    return words.say(
        "digest.item.incident", name=name, severity=severity, title=title, state=words.state(incident)
    )
