"""The tables of the policy file that the policy holds as they are read. Each key: docs/runbook-file.md.

`bot.runbook.file.File` replaces a default of "" by a value from another table.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from bot.domain.statistics.load import NIGHT
from bot.domain.triage.tree import Text
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import AtMost
from bot.runbook.sections import Topic

# The bot's own limits: as much as a person reads at 3 a.m.
MOST_STEPS = 10
MOST_COMMANDS = 12
_Step = Annotated[Text, values.text_up_to(300)]


_Login = Annotated[
    str,
    values.matching(
        r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}", "a GitHub login", 'letters, digits and hyphens ("sato-dev")'
    ),
]


@dataclass(frozen=True, slots=True)
class Command:
    """A command to copy, of one or several lines, or an address to open.

    Attributes:
        targets: The targets that it is for; empty for all.
    """

    label: values.Label
    command: Annotated[str, values.string_up_to(1000, "a command", "gh run list --limit 10")]
    targets: tuple[values.Target, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstResponse:
    """The first steps of a response, and the commands for them. All may be empty.

    Attributes:
        commands: Shown as they are; those of sheets are filled in.
        sheets: The topics of the command sheets, in the order in which they are shown.
        rollback_step: The number of the step that is done with the decision on a rollback; 0: none is.
    """

    steps: Annotated[tuple[_Step, ...], AtMost(MOST_STEPS)] = ()
    commands: Annotated[tuple[Command, ...], AtMost(MOST_COMMANDS)] = ()
    sheets: tuple[Topic, ...] = ()
    rollback_step: Annotated[int, values.whole(0, MOST_STEPS, "the number of a step")] = 0

    def commands_for(self, targets: Collection[str]) -> tuple[Command, ...]:
        """Return the commands for any of *targets*, and those for every target.

        Without known targets, all commands are returned: it is not known yet which ones help.
        """
        wanted = set(targets)
        return tuple(
            command
            for command in self.commands
            if not wanted or not command.targets or wanted.intersection(command.targets)
        )


@dataclass(frozen=True, slots=True)
class FigureRules:
    """How figures are counted.

    Attributes:
        sleep: The local hours in which a page wakes people.
    """

    sleep: moments.Sleep = NIGHT


@dataclass(frozen=True, slots=True)
class Reevaluate:
    """The rules for a triage that ended in 再評価.

    Attributes:
        after: Time until the bot asks about it.
        answer_within: Time from that question until it is promoted, unless a person answers.
        promote_to: Name of the severity it becomes; by default the second one.
        channel: Where the bot asks; by default the channel of that severity.
    """

    after: moments.Duration = timedelta(minutes=30)
    answer_within: moments.Duration = timedelta(minutes=15)
    promote_to: values.OfSeverity = ""
    channel: values.Channel = ""


@dataclass(frozen=True, slots=True)
class UnfinishedTriage:
    """The rules for an unfinished triage.

    Attributes:
        ask_after: Time from its last action until the bot asks the person who began it; None for never.
        decide_after: Time from that question until the bot decides without them.
        raises: The bot opens an incident then if the answers leave only severities that call people.
        channel: Where others may continue it otherwise; by default the channel of a re-evaluation.
    """

    ask_after: moments.DurationOrNone = timedelta(minutes=10)
    decide_after: moments.Duration = timedelta(minutes=10)
    raises: Annotated[values.Bool, Field(alias="raise")] = True
    channel: values.Channel = ""


@dataclass(frozen=True, slots=True)
class Private:
    """The rules for private incidents. `Permissions.private` says who may see and make them.

    Attributes:
        channel: Where their threads are made, by default the channel of the highest severity. Nothing is
            posted in it.
        thread_titles: The threads of public incidents have the title in their name. An earlier name
            stays in Discord's note of the rename, which cannot be deleted, if the incident is made private.
    """

    channel: values.Channel = ""
    thread_titles: values.Bool = True


@dataclass(frozen=True, slots=True)
class TimelineRules:
    """The events that enter an incident's timeline by themselves.

    Attributes:
        pin_emoji: The reaction that adds a message of the thread.
        voice_channels: Names or ids of the voice channels whose joins are noted.
    """

    pin_emoji: values.Emoji = "📌"
    voice_channels: tuple[values.Channel, ...] = ()


@dataclass(frozen=True, slots=True)
class Storm:
    """The rules for a storm: many escalations that are due at once.

    Attributes:
        bundle_from: From this many on (>= 2), escalations to one place become one message.
    """

    bundle_from: Annotated[int, values.whole(2, 100, "a number of escalations")] = 5


@dataclass(frozen=True, slots=True)
class GitHubRules:
    """``[github]``: what of an incident's aftermath goes to GitHub, which needs GITHUB_TOKEN.

    Attributes:
        repository: ``owner/name``; empty for that of GITHUB_REPOSITORY.
        pull_requests: Each postmortem becomes a pull request.
        issues: Each action item becomes an issue.
        people: Discord user (username or id) -> GitHub login, to assign issues to.
    """

    repository: values.Repository = ""
    pull_requests: values.Bool = True
    issues: values.Bool = True
    people: dict[Annotated[str, values.DISCORD_USER], _Login] = field(default_factory=dict)
