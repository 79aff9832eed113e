"""The people, channels and webhooks of the demo."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final

from bot.demo.vendors import channel_of, read_monitors
from bot.domain.oncall.book import Content
from bot.domain.oncall.people import Who
from bot.domain.oncall.rotation import Rotation, Unit
from bot.runbook import Policy
from local_discord.client import Human

_LOCALES: Final = {"ja": "ja", "en": "en-US"}
_HANDOVER: Final = time(10)
#: How many turns ago the rotation was set; a multiple of the people who take turns.
_TURNS_AGO: Final = 12


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of the story.

    Attributes:
        username: As programs, the policy and the demo's files name them.
        names: What Discord shows, by language.
        id: The local Discord's person whose place they take; None: they join.
    """

    username: str
    names: Mapping[str, str]
    roles: tuple[str, ...]
    id: int | None = None


SATO: Final = "sato"
SUZUKI: Final = "suzuki"
TAKAHASHI: Final = "takahashi"
ITO: Final = "ito"
ADMIN: Final = "nakamura"

CAST: Final = (
    Actor(SATO, {"ja": "佐藤", "en": "Sato"}, ("on-call", "responder"), 1100000000000000101),
    Actor(SUZUKI, {"ja": "鈴木", "en": "Suzuki"}, ("on-call", "responder"), 1100000000000000102),
    Actor(TAKAHASHI, {"ja": "高橋", "en": "Takahashi"}, ("on-call", "responder"), 1100000000000000104),
    Actor(ITO, {"ja": "伊藤", "en": "Ito"}, ("responder",), 1100000000000000103),
    Actor(ADMIN, {"ja": "中村", "en": "Nakamura"}, ("admin",), 1100000000000000105),
    Actor("watanabe", {"ja": "渡辺", "en": "Watanabe"}, ()),
)

#: Who takes turns at each place of the on-call order, beginning with this week's.
TURNS: Final = {
    "primary": (SATO, SUZUKI, TAKAHASHI),
    "secondary": (SUZUKI, TAKAHASHI, SATO),
    "payments": (ITO, ADMIN),
}


@dataclass(frozen=True, slots=True)
class CastMember:
    """A person of the story on the local Discord; *name* is what it shows."""

    id: int
    username: str
    name: str


def with_cast(policy: str) -> str:
    """Return the text of Parky's policy with the story's people on call.

    It names them by id: posts then mention them, so that everybody reads the name that Discord shows.
    """
    ids = {actor.username: actor.id for actor in CAST}
    people = [
        f'[people.{name}]\ndiscord = "{ids[name]}"\nemail = "{name}@example.com"\n'
        for name in dict.fromkeys(name for turns in TURNS.values() for name in turns)
    ]
    places = [f'{place} = "{turns[0]}"' for place, turns in TURNS.items()]
    team = "\n".join([*people, "[oncall]", *places, ""])
    return re.sub(r"^\[oncall\.primary\]\n(?:.+\n|\n(?=\[oncall\.))*", team, policy, flags=re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the story on the local Discord, and their turns on call.

    Attributes:
        people: By username.
        rotations: By on-call place; their people are ids in digits.
    """

    people: Mapping[str, CastMember]
    rotations: Mapping[str, Rotation]

    @classmethod
    def at(cls, people: Mapping[str, CastMember], policy: Policy, *, now: datetime) -> "Cast":
        """Let them take turns: whenever the demo is started, the first person's began on Monday at 10:00."""
        turns = {place: [str(people[name].id) for name in names] for place, names in TURNS.items()}
        return cls(people, {place: _rotation(ids, policy, now=now) for place, ids in turns.items()})

    def person(self, name: str, *, at: datetime) -> CastMember:
        """Return the person of that username, or the one who was on call at the place of that name."""
        if name in self.people:
            return self.people[name]
        holder = self.rotations[name].person_at(at)
        return next(one for one in self.people.values() if str(one.id) == holder)

    def schedule(self, place: str) -> Content:
        """Return the rotation of *place* as `/oncall schedule` records it."""
        rotation = self.rotations[place]
        known = {str(one.id): Who(one.id, one.username, one.name) for one in self.people.values()}
        return Content({handle: known[handle] for handle in rotation.people}, rotation=rotation)


async def enter(human: Human, language: str, *, given: Collection[str] = ()) -> dict[str, CastMember]:
    """Give the local Discord the people of the story, and return them by username.

    Args:
        given: The roles that the bot gives to whoever is on call; nobody has them before.
    """
    there = {one["name"] for one in (await human.state())["members"]}
    for actor in CAST:
        if actor.username not in there and actor.id is None:
            await human.add("member", user=actor.username)
        await human.change(
            "member",
            user=str(actor.id or actor.username),
            username=actor.username,
            global_name=actor.names[language],
            roles=[role for role in actor.roles if role not in given],
            locale=_LOCALES[language],
        )
    members = (await human.state())["members"]
    return {one["name"]: CastMember(int(one["id"]), one["name"], one["shown_name"]) for one in members}


def turn_at(place: str, policy: Policy, *, begun: datetime, now: datetime) -> Actor:
    """Return who is on call at *place* in a demo that was started at *begun*: turns go on while it runs."""
    holder = _rotation(TURNS[place], policy, now=begun).person_at(now)
    return next(actor for actor in CAST if actor.username == holder)


def _rotation(ids: Sequence[str], policy: Policy, *, now: datetime) -> Rotation:
    local = now.astimezone(policy.timezone) - timedelta(hours=_HANDOVER.hour)
    this_monday = local.date() - timedelta(days=local.weekday())
    first = this_monday - timedelta(weeks=_TURNS_AGO)
    return Rotation(tuple(ids), 1, Unit.WEEKS, first, _HANDOVER, policy.timezone)


@dataclass(frozen=True, slots=True)
class MonitorWebhook:
    """A monitor's webhook on the local Discord: its id, its name, and where it posts."""

    id: int
    name: str
    channel: str
    channel_id: int


@dataclass(frozen=True, slots=True)
class DemoGuild:
    """The guild on the local Discord that the demo's past is in.

    Attributes:
        id: The guild's id.
        bot_id: The bot's user.
        channels: Ids of channels by name.
        webhooks: The webhooks of monitors by the monitors' keys.
    """

    id: int
    bot_id: int
    channels: Mapping[str, int]
    cast: Cast
    webhooks: Mapping[str, MonitorWebhook] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageLocation:
    """Where a message is: its channel and its id."""

    channel_id: int
    message_id: int


async def set_up_webhooks(
    human: Human, policy: Policy, channels: Mapping[str, int]
) -> dict[str, MonitorWebhook]:
    """Create a webhook for each monitor, and return them by the monitors' keys."""
    webhooks = {}
    for one in read_monitors(policy.language):
        channel = channel_of(policy, one.watched)
        url = await human.webhook_url(channel, one.sender)
        webhooks[one.key] = MonitorWebhook(int(url.split("/")[-2]), one.sender, channel, channels[channel])
    return webhooks
