"""A trial: its definition, its input (`Run`), and its result."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from bot.doctor.on_discord.api import JSON, Api, CleanUp, DiscordRefused, Link
from bot.runbook.model import Policy

#: JSON values by name: what was seen, to be compared.
Facts: TypeAlias = Mapping[str, object]

MARK: Final = "🧪 incident-bot doctor: a test, nothing to do / テストです。対応は不要です"

#: Of the threads that are made.
THREAD_NAME: Final = "🧪 incident-bot doctor"

MESSAGE_CONTENT: Final = 1 << 15  # among the intents


class Skipped(Exception):
    """Raised by a trial that was not made; the text says why."""


class TrialOutcome(StrEnum):
    """How a trial of `doctor --live` ended."""

    OK = "ok"
    DIFFERS = "differs"  # from the local Discord, in something that the bot bears
    FAIL = "FAIL"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class TrialResult:
    """The result of one trial.

    Attributes:
        facts: Values to compare with those of the local Discord.
        measured: Values that differ from run to run: times, counts, versions.
        warning: Text for a person: the facts are right, but something deserves attention.
    """

    facts: Facts
    measured: Facts = field(default_factory=dict)
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a run, as given on the command line.

    Attributes:
        channel: Name or id of the channel in which everything is posted.
        rings: Send one real @here and real role pings.
        presses: A person is present who presses the buttons.
        outsider: Username or id of a member who does not see the channel.
        nonce_window_s: Seconds after a message at which its nonce is used again.
        press_s: Seconds to wait for a press.
    """

    channel: str
    rings: bool = False
    presses: bool = False
    outsider: str | None = None
    nonce_window_s: tuple[float, ...] = ()
    press_s: float = 90.0


@dataclass(slots=True)
class Run:
    """The state that the trials of one run share.

    Attributes:
        intents: Those that the bot asks for.
        say: Tells the person what to do next.
        channel: The channel that the option names, once it was found.
        link: The gateway session, once it is open.
        made: The ids of what was made so far: the "message" that stays until the end, its "thread", and a
            "private thread".
        shards: How many Discord advises.
        channels: The server's channels as the gateway showed them; None without a session.
        custom_id: Of the component to press next.
    """

    api: Api
    policy: Policy
    guild_id: int
    intents: int
    options: Options
    say: Callable[[str], None]
    clean_up: CleanUp
    channel: JSON | None = None
    link: Link | None = None
    made: dict[str, str] = field(default_factory=dict)
    shards: int = 1
    channels: list[JSON] | None = None
    custom_id: str | None = None

    @property
    def place(self) -> str:
        """Return the path of the channel in which everything is posted."""
        if self.channel is None:
            raise Skipped("the channel was not found")
        return f"/channels/{self.channel['id']}"

    def id_of(self, what: str) -> str:
        """Return the id of what an earlier trial has made."""
        if what not in self.made:
            raise Skipped(f"there is no {what}")
        return self.made[what]

    @property
    def gateway(self) -> Link:
        """Return the session at the gateway."""
        if self.link is None:
            raise Skipped("there is no session at the gateway")
        return self.link

    async def post(self, path: str | None = None, **body: object) -> JSON:
        """Post a message, marked as a test, and remove it at the end.

        Args:
            path: Of a channel or thread; without it, the channel of the run.
            body: Discord's fields. No one is mentioned unless `allowed_mentions` asks for it.

        Raises:
            DiscordRefused: Discord did not take it.
        """
        where = path or self.place
        posted = await self.api.post(
            f"{where}/messages", {"content": MARK, "allowed_mentions": {"parse": []}, **body}
        )
        if path is None:  # a thread takes its messages with it
            self.clean_up.later("DELETE", f"{where}/messages/{posted['id']}")
        return posted

    async def member(self, named: str) -> JSON:
        """Return the member with this username or id.

        Raises:
            DiscordRefused: there is none.
        """
        if named.isdecimal():
            member: JSON = await self.api.get(f"/guilds/{self.guild_id}/members/{named}")
            return member
        path = f"/guilds/{self.guild_id}/members/search"
        for member in await self.api.get(path, query=named.removeprefix("@"), limit="25"):
            if member["user"]["username"].lower() == named.removeprefix("@").lower():
                return dict(member)
        raise DiscordRefused(f"no member has the username {named}")


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing to look at.

    Attributes:
        name: Also its key in expected.json.
        look: Returns what it saw; raises Refused or Skipped.
        todo: What a person should do when it fails.
        is_detail: A difference is reported but is no failure: the bot can live with it.
        is_vital: When it fails, no other trial is tried.
        deadline_s: Seconds for the whole trial.
    """

    name: str
    look: Callable[[Run], Awaitable[TrialResult]]
    todo: str
    is_detail: bool = False
    is_vital: bool = False
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Observation:
    """The judged result of a trial. Its fields are those of the JSON file."""

    name: str
    state: TrialOutcome
    said: str
    expected: Facts | None
    observed: Facts | None
    measured: Facts = field(default_factory=dict)
    todo: str = ""
