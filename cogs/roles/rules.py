"""Which role follows which places, and why one cannot."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.domain.delivery.kinds import AnyDeliveryKind
from bot.domain.oncall.people import OnCallPerson, id_of
from bot.domain.payloads import Payload
from bot.domain.server_roles import ServerRole, ServerRoles


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A role of the policy.

    Attributes:
        role: Its name or id.
        places: The people on call at these places have the role.
        also: The names of people who always have it.
        is_exclusive: All other members lose the role, even if an administrator gave it to them.
    """

    role: str
    places: tuple[str, ...]
    also: tuple[str, ...] = ()
    is_exclusive: bool = False

    def people(
        self, holders: Mapping[str, OnCallPerson], team: Collection[OnCallPerson]
    ) -> list[OnCallPerson]:
        """Return the people who should have the role, each once.

        Args:
            holders: The people on call now, by place.
            team: The people whom the policy names.
        """
        known = {person.name: person for person in team}
        named = [known.get(name, OnCallPerson(name, name, user_id=id_of(name))) for name in self.also]
        on_call = [holders[place] for place in self.places if place in holders]
        return list({person.handle: person for person in (*on_call, *named)}.values())


@dataclass(frozen=True, slots=True)
class RoleRules:
    """The roles that follow the rotation."""

    roles: tuple[RoleRule, ...] = ()


class RoleProblem(StrEnum):
    """Reasons why a role does not follow the rotation, as stored."""

    UNKNOWN = "unknown"
    AMBIGUOUS = "ambiguous"
    TWICE = "twice"  # two keys of the policy mean it
    NO_RIGHT = "no_right"
    ABOVE = "above"
    MANAGED = "managed"
    NO_MEMBERS = "no_members"  # an exclusive one, without the intent
    NOT_MEMBER = "not_member"
    CONTESTED = "contested"  # something else keeps undoing what the bot does
    REFUSED = "refused"  # by Discord, for a reason of its own


def problem_of(stored: str) -> RoleProblem:
    """Return the problem as it is stored; one of a newer version is a refusal."""
    return RoleProblem(stored) if stored in set(RoleProblem) else RoleProblem.REFUSED


@dataclass(frozen=True, slots=True)
class Refused:
    """A problem with a role, or with the role of one person.

    Attributes:
        role: As the policy names it.
        who: The name of the person; empty: it is about the role.
        code: Discord's error code.
    """

    role: str
    problem: RoleProblem
    who: str = ""
    code: int | None = None


@dataclass(frozen=True, slots=True)
class FollowingRole:
    """How a role follows the rotation.

    Attributes:
        people: The people who have it; None if it does not follow at all.
        problems: Why other people do not have it, or why the role does not follow.
    """

    role: str
    people: tuple[OnCallPerson, ...] | None
    problems: tuple[Refused, ...] = ()


def following_role(
    rule: RoleRule, people: Collection[OnCallPerson], problems: Collection[Refused]
) -> FollowingRole:
    """Return how a role follows, from the people who should have it and the problems of all roles."""
    own = tuple(one for one in problems if one.role == rule.role)
    follows = all(one.who or one.problem is RoleProblem.NO_MEMBERS for one in own)
    left_out = {one.who for one in own}
    having = tuple(person for person in people if person.name not in left_out)
    return FollowingRole(rule.role, having if follows else None, own)


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that the bot gave to a person, or was about to give.

    Attributes:
        version: Grows each time that Discord is asked to give it.
        is_given: Discord has confirmed it.
    """

    role_id: int
    user_id: int
    name: str
    version: int
    is_given: bool


#: A change that was undone so many times within this span is left alone for a while.
_UNDONE_TIMES: Final = 3
_UNDONE_WITHIN: Final = timedelta(minutes=10)
_LEFT_ALONE_FOR: Final = timedelta(hours=1)


class Contests:
    """Changes that something else undoes repeatedly, such as another bot that manages the same role.

    The ids of the role and of the person identify a change. Counts are in memory: a new process starts at 0.
    """

    def __init__(self) -> None:
        self._undone: dict[tuple[int, int], list[datetime]] = {}
        self._until: dict[tuple[int, int], datetime] = {}
        self._found: set[tuple[int, int]] = set()

    def __contains__(self, change: tuple[int, int]) -> bool:
        return change in self._until

    def begin_check(self) -> None:
        """Start a check of all roles and people."""
        self._found.clear()

    def undone(self, change: tuple[int, int], now: datetime) -> bool:
        """Record that a check found a change undone. Return True if the bot should repeat it."""
        self._found.add(change)
        until = self._until.get(change)
        if until is None:
            recent = [at for at in self._undone.get(change, ()) if at > now - _UNDONE_WITHIN]
            self._undone[change] = [*recent, now]
            if len(recent) + 1 < _UNDONE_TIMES:
                return True
        elif now < until:
            return False
        self._until[change] = now + _LEFT_ALONE_FOR
        return until is not None

    def end_check(self) -> None:
        """End the contests about changes that the check did not find undone."""
        for change in self._until.keys() - self._found:
            del self._until[change]
            del self._undone[change]


class RoleDelivery(AnyDeliveryKind):
    """The kinds of delivery of the folder."""

    ROLE_PROBLEM = "role_problem"


class RoleProblemData(Payload):
    """The content of the line about a problem."""

    role: str
    problem: str
    who: str = ""
    code: int | None = None


def found_roles(
    rules: Collection[RoleRule], server: ServerRoles
) -> tuple[dict[str, ServerRole], list[Refused]]:
    """Return the server's roles by the policy's names, and the problems of names without a usable role."""
    roles: dict[str, ServerRole] = {}
    refused: list[Refused] = []
    for rule in rules:
        named = [one for one in server.roles if rule.role in (one.name, str(one.id))]
        problem = _problem(named, server, taken=[one.id for one in roles.values()])
        if problem is None:
            roles[rule.role] = named[0]
        else:
            refused.append(Refused(rule.role, problem))
    return roles, refused


def _problem(
    named: Collection[ServerRole], server: ServerRoles, *, taken: Collection[int]
) -> RoleProblem | None:
    if len(named) != 1:
        return RoleProblem.AMBIGUOUS if named else RoleProblem.UNKNOWN
    (role,) = named
    problems = {
        RoleProblem.TWICE: role.id in taken,
        RoleProblem.MANAGED: role.is_managed,
        RoleProblem.NO_RIGHT: not server.may_manage,
        RoleProblem.ABOVE: role.rank >= server.own_rank,
    }
    return next((problem for problem, is_there in problems.items() if is_there), None)
