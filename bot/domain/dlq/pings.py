"""Whom a stored message would ping, so that a person can decide to ping them again.

Source: Discord's docs, Resources > Message > Allowed Mentions Object.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_EVERYONE: Final = re.compile(r"@everyone\b", re.ASCII)
_HERE: Final = re.compile(r"@here\b", re.ASCII)
_ROLE: Final = re.compile(r"<@&(\d{1,20})>", re.ASCII)
_USER: Final = re.compile(r"<@!?(\d{1,20})>", re.ASCII)
_MOST_IDS: Final = 100  # Discord: in each list of allowed mentions


@dataclass(frozen=True, slots=True)
class Pings:
    """The mentions of a message that notify people. Those in embeds never do.

    Attributes:
        everyone, here: It mentions everybody, or everybody who is online.
        roles, users: The ids that it mentions, in the order of the text.
    """

    everyone: bool = False
    here: bool = False
    roles: tuple[int, ...] = ()
    users: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return self.everyone or self.here or bool(self.roles or self.users)

    def allowed(self) -> dict[str, object]:
        """Return the allowed mentions that let exactly these notify people."""
        parse = ["everyone"] if self.everyone or self.here else []
        named = {"roles": self.roles, "users": self.users}
        listed = {kind: [str(one) for one in ids] for kind, ids in named.items() if ids}
        return {"parse": parse, **listed}


def pings_of(payload: Mapping[str, object]) -> Pings:
    """Return the mentions with which *payload* would have notified people.

    A message without allowed mentions notifies everyone that its content mentions, as Discord does.
    """
    content = payload.get("content")
    if not isinstance(content, str):
        return Pings()
    allowed = payload.get("allowed_mentions")
    rules = allowed if isinstance(allowed, Mapping) else {"parse": ["everyone", "roles", "users"]}
    parse = _names(rules.get("parse"))
    return Pings(
        everyone="everyone" in parse and bool(_EVERYONE.search(content)),
        here="everyone" in parse and bool(_HERE.search(content)),
        roles=_ids(_ROLE, content, rules.get("roles"), is_open="roles" in parse),
        users=_ids(_USER, content, rules.get("users"), is_open="users" in parse),
    )


def _ids(pattern: re.Pattern[str], content: str, listed: object, *, is_open: bool) -> tuple[int, ...]:
    """Return the ids that *content* mentions: all, or those that are *listed*."""
    found = dict.fromkeys(pattern.findall(content))
    allowed = _names(listed)
    return tuple(int(one) for one in found if is_open or one in allowed)[:_MOST_IDS]


def _names(value: object) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list | tuple) else frozenset()
