"""``[people]`` and ``[oncall]``: the people of a team, and the places that they hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import Annotated, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import Discriminator, Field, Tag, model_validator

from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.oncall.rotation import Applies, Layer, Rotation
from bot.runbook.fields import moments, values
from bot.runbook.fields.problems import not_a_key
from bot.runbook.fields.rules import AtMost, Problem, Section, some

Team: TypeAlias = Mapping[str, OnCallPerson]

MOST_PEOPLE = 50
MOST_LAYERS = 10
_MOST_IN_A_ROTATION = 25
MemberName = Annotated[
    str,
    values.matching(r"[a-z0-9_.]{2,32}", "a person's name", '2 to 32 of a-z, 0-9, _ and . ("ai")'),
]


@dataclass(frozen=True, slots=True)
class OnCallPlace:
    """A place in the on-call order, and its holders.

    Attributes:
        name: "primary".
        discord: The holder when no layer names one: user id in digits, or username without "@".
        email: Their address; None when they have none.
        called: What the team calls them; None for their `discord`.
        ntfy, pushover: Where their phone is reached; None where not.
        layers: The rotations, later layers over earlier ones; their people are handles.
    """

    name: str
    discord: str
    email: str | None
    called: str | None = None
    layers: tuple[Layer, ...] = ()
    ntfy: str | None = field(default=None, repr=False)
    pushover: str | None = field(default=None, repr=False)

    @property
    def person(self) -> OnCallPerson:
        """Return the holder of the place when no layer names one."""
        return OnCallPerson(
            self.discord,
            self.called or self.discord,
            self.email,
            id_of(self.discord),
            ntfy=self.ntfy,
            pushover=self.pushover,
        )


@dataclass(frozen=True, slots=True)
class Handover:
    """How the people on call learn of their turn.

    Attributes:
        channel: Where handovers are posted; None for nowhere.
        check_before: How long before a shift its person is notified and checked; None for never.
    """

    channel: str | None
    check_before: timedelta | None


class MemberTable(Section):
    """``[people.<name>]``."""

    discord: values.DiscordUser
    email: values.Email | None = None
    ntfy: values.Ntfy | None = None
    pushover: values.Pushover | None = None

    def value(self, name: str) -> OnCallPerson:
        """Return the person that the table describes, who goes by *name*."""
        return OnCallPerson(
            self.discord,
            name,
            self.email,
            id_of(self.discord),
            ntfy=self.ntfy,
            pushover=self.pushover,
        )


class LayerTable(Section):
    """``[[oncall.<place>.layer]]``."""

    people: Annotated[
        tuple[values.Person, ...],
        AtMost(_MOST_IN_A_ROTATION),
        some(f'names nobody; allowed: 1 to {_MOST_IN_A_ROTATION} people (["ai", "ben"])'),
    ] = Field((), validate_default=True)
    every: moments.Turn
    starts_on: moments.Date = date(2024, 1, 1)  # a Monday
    handover: moments.Time = time(10)
    timezone: moments.Timezone | None = None
    applies: Annotated[Applies, values.choice(Applies, "when a layer counts")] = Applies.ALWAYS

    def value(self, team: Team, timezone: ZoneInfo) -> Layer:
        """Return the table as a layer of the schedule, with the people of *team*."""
        every, unit = self.every
        people = tuple(person_of(name, team).handle for name in self.people)
        rotation = Rotation(people, every, unit, self.starts_on, self.handover, self.timezone or timezone)
        return Layer(rotation, self.applies)


class PlaceTable(Section):
    """``[oncall.<place>]``: held by a person, an account, or else the first person of its first layer."""

    layer: Annotated[tuple[LayerTable, ...], AtMost(MOST_LAYERS)] = ()
    person: values.Person | None = None
    discord: values.DiscordUser | None = None
    email: values.Email | None = None
    ntfy: values.Ntfy | None = None
    pushover: values.Pushover | None = None

    @model_validator(mode="after")
    def _is_named_once(self) -> "PlaceTable":
        if self.person is None and self.discord is None and not self.layer:
            raise Problem(f"is missing; allowed: {values.DISCORD_USER.allowed}", key="discord")
        if self.person is not None and self.discord is not None:
            raise Problem(not_a_key("discord", ("layer", "person")), key="discord")
        for key in ("email", "ntfy", "pushover"):
            if getattr(self, key) is not None and self.discord is None:
                raise Problem(not_a_key(key, ("layer", "person")), key=key)
        return self

    def value(self, team: Team, timezone: ZoneInfo) -> tuple[OnCallPerson, tuple[Layer, ...]]:
        """Return the place's usual holder, and its layers."""
        layers = tuple(layer.value(team, timezone) for layer in self.layer)
        if self.person is not None:
            return person_of(self.person, team), layers
        if self.discord is not None:
            account = OnCallPerson(
                self.discord,
                self.discord,
                self.email,
                id_of(self.discord),
                ntfy=self.ntfy,
                pushover=self.pushover,
            )
            return account, layers
        known = {person.handle: person for person in team.values()}
        first = layers[0].rotation.people[0]
        return known.get(first, OnCallPerson(first, first, None, id_of(first))), layers


_Place = Annotated[
    Annotated[values.Person, Tag("(name)")] | Annotated[PlaceTable, Tag("(table)")],
    Discriminator(lambda value: "(name)" if isinstance(value, str) else "(table)"),
]


class OnCallTable(Section):
    """``[oncall]``: the handover options, and tables of capabilities; every other key is a place."""

    handover_channel: values.Channel | None = None
    check_before: moments.DurationOrNone = timedelta(days=1)
    places: dict[values.Place, _Place] = Field(alias="(places)")

    @model_validator(mode="before")
    @classmethod
    def _apart(cls, table: object) -> object:
        """Set the places apart from the options."""
        if not isinstance(table, dict) or not table:
            return table
        options = {key: value for key, value in table.items() if key in cls.model_fields}
        if not (places := {key: value for key, value in table.items() if key not in options}):
            raise Problem('names no place; allowed: at least one (primary = "alice")')
        return {**options, "(places)": places}

    def value(self, team: Team, timezone: ZoneInfo) -> tuple[Handover, Mapping[str, OnCallPlace]]:
        """Return the handover options, and the places in order."""
        places = {}
        for name, place in self.places.items():
            person, layers = (
                (person_of(place, team), ()) if isinstance(place, str) else place.value(team, timezone)
            )
            places[name] = OnCallPlace(
                name,
                person.handle,
                person.email,
                person.name,
                layers,
                ntfy=person.ntfy,
                pushover=person.pushover,
            )
        return Handover(self.handover_channel, self.check_before), places


def person_of(name: str, team: Team) -> OnCallPerson:
    """Return one of the team, or a Discord user if the file lists no team."""
    return team[name] if team else OnCallPerson(name, name, None, id_of(name))


def everybody(team: Team, oncall: Mapping[str, OnCallPlace]) -> dict[str, OnCallPerson]:
    """Return every person that the file names, by handle."""
    placed = [place.person for place in oncall.values()]
    taking_turns = [
        person for place in oncall.values() for layer in place.layers for person in layer.rotation.people
    ]
    implied = [OnCallPerson(handle, handle, None, id_of(handle)) for handle in taking_turns]
    return {person.handle: person for person in (*implied, *placed, *team.values())}
