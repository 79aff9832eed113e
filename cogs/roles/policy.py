"""``[oncall.roles]``: the Discord roles of the people on call."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import Discriminator, Field, Tag

from bot.capability import PolicyPart
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import values
from bot.runbook.fields.rules import AtMost, CapabilityTables, Section, some
from bot.runbook.model import Policy
from cogs.roles.rules import RoleRule, RoleRules

#: The bot's own limits.
_MOST_ROLES: Final = 20
_MOST_ALSO: Final = 50

_Name = Annotated[str, values.string_up_to(100, "a role", "on-call")]
_Places = Annotated[
    tuple[values.Place, ...], some('names no place; allowed: one or several places (["primary"])')
]


class RoleTable(Section):
    """``[oncall.roles.<role>]``."""

    places: _Places
    also: Annotated[tuple[values.Person, ...], AtMost(_MOST_ALSO)] = ()
    exclusive: values.Bool = False


_Role = Annotated[
    Annotated[_Places, Tag("(list)")] | Annotated[RoleTable, Tag("(table)")],
    Discriminator(lambda value: "(table)" if isinstance(value, dict) else "(list)"),
]


class RolesTable(CapabilityTables):
    """``[oncall.roles]``: places, or a table, by the role's name or id."""

    root: Annotated[dict[_Name, _Role], AtMost(_MOST_ROLES)] = Field(default_factory=dict)

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> RoleRules:  # noqa: ARG002 -- as all tables
        """Return the rules of every role."""
        tables = {
            name: value if isinstance(value, RoleTable) else RoleTable(places=value)
            for name, value in self.root.items()
        }
        return RoleRules(
            tuple(
                RoleRule(name.removeprefix("@"), table.places, table.also, is_exclusive=table.exclusive)
                for name, table in tables.items()
            )
        )


def problems(policy: Policy) -> Iterator[str]:
    """Check that each role is named once, and follows places that exist."""
    allowed = ", ".join(f'"{name}"' for name in policy.oncall)
    rules = policy.of(RoleRules).roles
    for role, count in Counter(rule.role for rule in rules).items():
        if count > 1:  # TOML refuses the same key twice, but not one of them with an @
            yield f"oncall.roles.{role}: is there with @ and without; keep one of them"
    for rule in rules:
        if rule.role == "everyone":
            yield f"oncall.roles.{rule.role}: everybody has it; name a role of the people on call"
        for place in rule.places:
            if place not in policy.oncall:
                yield f'oncall.roles.{rule.role}: "{place}" is not an on-call place; allowed: {allowed}'


def channel_of(policy: Policy) -> str:
    """Return the channel for reports of refused changes."""
    return policy.handover.channel or policy.unfinished.channel


def channels(policy: Policy) -> list[str]:
    """Return the channel for reports, if the policy names a role."""
    return [channel_of(policy)] if policy.of(RoleRules).roles else []


def roles(policy: Policy) -> list[str]:
    """Return the roles that follow the rotation."""
    return [rule.role for rule in policy.of(RoleRules).roles]


def reads_members(policy: Policy) -> bool:
    """Return True if a role is exclusive: only the list of members tells who else has it."""
    return any(rule.is_exclusive for rule in policy.of(RoleRules).roles)


POLICY = PolicyPart(
    table=RolesTable,
    within="oncall",
    problems=problems,
    channels=channels,
    roles=roles,
    reads_members=reads_members,
)
