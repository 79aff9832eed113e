"""The parts that everything else is given: one per local Discord."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from local_discord.faults.faults import Faults
from local_discord.faults.freeze import Freezer
from local_discord.gateway.hub import Hub
from local_discord.gateway.rules import GatewayRules, Starts
from local_discord.log import Log
from local_discord.ratelimit import Limiter
from local_discord.world.clock import Clock
from local_discord.world.interaction import Interaction
from local_discord.world.kinds import JSON
from local_discord.world.seed import default_world
from local_discord.world.snowflake import Snowflakes
from local_discord.world.world import World


@dataclass(slots=True)
class Nonce:
    """A nonce: which message its author made with it, where, and until when it returns that message again."""

    message_id: str
    expires_at: float
    channel_id: str = ""


@dataclass
class Core:
    """State and services of one local Discord.

    Attributes:
        origin: ``http://host:port`` once it listens.
        gateway_url, resume_url: Where sessions begin, and where they are resumed: two hosts.
        resume_port: Of the latter; 0 until it listens.
        dms_opened: When the latest DM channels were made for the first time, seconds of the clock.
        backdated: By channel, the moment (ISO 8601) that the next message there is dated back to.
        command_creates: By guild ("" for global commands), when commands were made in the last day.
        tour: The steps of the page's tour, as PUT tour of the human side takes them.
        home: The channel that the page opens on; "" leaves it to the page.
        state_file: Where POST save and SIGTERM put the state; None keeps it in memory only.
    """

    clock: Clock = field(default_factory=Clock)
    world: World = field(default_factory=default_world)
    hub: Hub = field(default_factory=Hub)
    log: Log = field(init=False)
    faults: Faults = field(default_factory=Faults)
    freezer: Freezer = field(default_factory=Freezer)
    limiter: Limiter = field(default_factory=Limiter)
    rules: GatewayRules = field(default_factory=GatewayRules)
    starts: Starts = field(default_factory=Starts)
    nonces: dict[tuple[str, str], Nonce] = field(default_factory=dict)
    commands: dict[str, JSON] = field(default_factory=dict)
    command_creates: dict[str, list[float]] = field(default_factory=dict)
    dms_opened: list[float] = field(default_factory=list)
    backdated: dict[str, str] = field(default_factory=dict)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    by_token: dict[str, Interaction] = field(default_factory=dict)
    tour: list[JSON] = field(default_factory=list)
    home: str = ""
    origin: str = ""
    gateway_url: str = ""
    resume_url: str = ""
    resume_port: int = 0
    state_file: Path | None = None
    ids: Snowflakes = field(init=False)

    def __post_init__(self) -> None:
        self.ids = Snowflakes(self.clock)
        self.log = Log(self.clock)
        self.world.now = self.clock.now

    def each_guild(self) -> Iterator[World]:
        """Every guild that the bot is in, as the world in view: there is one; a test may put more there."""
        yield self.world

    @property
    def identifies_left(self) -> int:
        """Return how many IDENTIFYs are left today."""
        return int(self.starts.payload(self.rules, self.clock.monotonic())["remaining"])
