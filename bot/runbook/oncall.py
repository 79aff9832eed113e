"""Reading who is on call: the people of a team, and the places at which they stand."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from types import MappingProxyType
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from bot.domain.oncall.roster import OnCallPerson, id_of
from bot.domain.oncall.rotation import Applies, Layer, Rotation, Unit, parse_turn
from bot.runbook import moments, values
from bot.runbook.model import Handover, OnCallPlace
from bot.runbook.reader import Rule, Table

Team: TypeAlias = Mapping[str, OnCallPerson]

MOST_PEOPLE = 50
MOST_LAYERS = 10
_MOST_IN_A_ROTATION = 25
_OPTIONS: Final = ("handover_channel", "check_before")
_APPLIES = values.choice(Applies, what="when a layer counts")
_NAME = values.matching(
    r"[a-z0-9_.]{2,32}",
    what="a person's name",
    allowed='2 to 32 of a-z, 0-9, _ and . ("ai")',
    stand_in="ai",
)
#: How long a turn is: a number and its unit.
TURN: Final = Rule(
    "the length of a turn",
    'a number with h, d or w ("1w", "1d", "12h"), up to a year',
    lambda value: parse_turn(values.string(value)),
    (1, Unit.WEEKS),
)


def read_team(file: Table) -> Team:
    """Read ``[people.<name>]``, by name. Without that table, each on-call place names its people itself."""
    table = file.table("people")
    names = table.names(_NAME)
    table.at_most(MOST_PEOPLE, names)
    return MappingProxyType({name: _member(table.table(name), name) for name in names})


def everybody(team: Team, oncall: Mapping[str, OnCallPlace]) -> dict[str, OnCallPerson]:
    """All whom the file names, by handle."""
    placed = [place.person for place in oncall.values()]
    taking_turns = [
        person for place in oncall.values() for layer in place.layers for person in layer.rotation.people
    ]
    implied = [OnCallPerson(handle, handle, None, id_of(handle)) for handle in taking_turns]
    return {person.handle: person for person in (*implied, *placed, *team.values())}


def read_oncall(file: Table, team: Team, timezone: ZoneInfo) -> tuple[Handover, Mapping[str, OnCallPlace]]:
    """Read ``[oncall]``: the handover options, and for each place a table, or only a person."""
    table = file.table("oncall", required=True)
    handover = Handover(
        channel=table.maybe("handover_channel", values.CHANNEL),
        check_before=table.take("check_before", moments.DURATION_OR_NONE, timedelta(days=1)),
    )
    names = [name for name in table.names(values.PLACE) if name not in _OPTIONS]
    if not names and file.has("oncall"):
        table.problem("", 'names no place; allowed: at least one (primary = "alice")')
    return handover, MappingProxyType({name: _place(table, name, team, timezone) for name in names})


def _member(table: Table, name: str) -> OnCallPerson:
    discord = table.take("discord", values.DISCORD_USER).removeprefix("@")
    read = OnCallPerson(discord, name, table.maybe("email", values.EMAIL), id_of(discord))
    table.close()
    return read


def _place(oncall: Table, name: str, team: Team, timezone: ZoneInfo) -> OnCallPlace:
    if oncall.is_string(name):
        person = oncall.take(name, _one_of(team))
        return OnCallPlace(name, person.handle, person.email, person.name)
    table = oncall.table(name, required=True)
    layers = tuple(_layer(each, team, timezone) for each in table.tables("layer"))
    table.at_most(MOST_LAYERS, layers, key="layer")
    person = _always(table, team, layers)
    table.close()
    return OnCallPlace(name, person.handle, person.email, person.name, layers)


def _always(table: Table, team: Team, layers: tuple[Layer, ...]) -> OnCallPerson:
    """Return the default holder of a place: the one it names, or the first person of its first layer."""
    if table.has("person"):
        return table.take("person", _one_of(team))
    if layers and not table.has("discord"):
        first = layers[0].rotation.people[0]
        known = {person.handle: person for person in team.values()}
        return known.get(first, OnCallPerson(first, first, None, id_of(first)))
    discord = table.take("discord", values.DISCORD_USER).removeprefix("@")
    return OnCallPerson(discord, discord, table.maybe("email", values.EMAIL), id_of(discord))


def _layer(table: Table, team: Team, timezone: ZoneInfo) -> Layer:
    people = table.each("people", _one_of(team), ())
    table.at_most(_MOST_IN_A_ROTATION, people, key="people")
    if not people:
        table.problem("people", f'names nobody; allowed: 1 to {_MOST_IN_A_ROTATION} people (["ai", "ben"])')
    every, unit = table.take("every", TURN)
    rotation = Rotation(
        people=tuple(person.handle for person in people) or ("-",),
        every=every,
        unit=unit,
        starts_on=table.take("starts_on", moments.DATE, date(2024, 1, 1)),  # a Monday
        handover=table.take("handover", moments.TIME, time(10)),
        timezone=table.take("timezone", moments.TIMEZONE, timezone),
    )
    read = Layer(rotation, table.take("applies", _APPLIES, Applies.ALWAYS))
    table.close()
    return read


def _one_of(team: Team) -> Rule[OnCallPerson]:
    """Return the rule for a person: one of ``[people]``, or a Discord user if that table is empty."""
    if team:
        first = next(iter(team.values()))
        allowed = ", ".join(f'"{name}"' for name in team) + " (the keys of [people])"
        return Rule("one of the team", allowed, lambda value: _member_of(team, value), first)

    def read(value: object) -> OnCallPerson:
        discord = values.DISCORD_USER.read(value).removeprefix("@")
        return OnCallPerson(discord, discord, None, id_of(discord))

    return Rule(
        values.DISCORD_USER.what, values.DISCORD_USER.allowed, read, read(values.DISCORD_USER.stand_in)
    )


def _member_of(team: Team, value: object) -> OnCallPerson:
    found = team.get(values.string(value).removeprefix("@"))
    if found is None:
        raise ValueError(value)
    return found
