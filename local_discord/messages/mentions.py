"""Who a message pings. Source: Discord's docs, Resources > Message > Allowed Mentions Object."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from local_discord.forms import Form
from local_discord.world.kinds import JSON
from local_discord.world.world import World

_USER = re.compile(r"<@!?(\d+)>", re.ASCII)
_ROLE = re.compile(r"<@&(\d+)>", re.ASCII)
_EVERYONE = re.compile(r"@(?:everyone|here)\b", re.ASCII)
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
_KINDS = ("roles", "users", "everyone")
_MOST_IDS = 100


@dataclass(slots=True)
class Mentions:
    """Ids of the pinged users and roles, and whether ``@everyone`` or ``@here`` pings."""

    users: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    everyone: bool = False


@dataclass(slots=True)
class Allowed:
    """The request's ``allowed_mentions``; everything parses when it was absent."""

    parse: frozenset[str] = frozenset(_KINDS)
    users: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    replied_user: bool = True

    def takes(self, kind: str, snowflake: str) -> bool:
        """True when a mention of *snowflake* (*kind* "users" or "roles") may ping."""
        listed = self.users if kind == "users" else self.roles
        return kind in self.parse or snowflake in listed


def read_allowed(form: Form, value: object) -> Allowed:
    """The request's ``allowed_mentions``, validated into *form*."""
    if value is None:
        return Allowed()
    value = form.mapping(("allowed_mentions",), value)
    raw = value.get("parse")
    if raw is not None and not isinstance(raw, list):
        form.add(
            ("allowed_mentions", "parse"), "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType"
        )
    listed = raw if isinstance(raw, list) else []
    for at, item in enumerate(listed):
        form.choice(("allowed_mentions", "parse", at), item, _KINDS)
    parse = [str(item) for item in listed]
    form.unique(("allowed_mentions", "parse"), parse)
    ids = {kind: form.snowflakes(("allowed_mentions", kind), value.get(kind)) for kind in ("users", "roles")}
    for kind, found in ids.items():
        _check_ids(form, kind, found, parse)
    replied = form.boolean(("allowed_mentions", "replied_user"), value.get("replied_user"))
    return Allowed(frozenset(parse), frozenset(ids["users"]), frozenset(ids["roles"]), replied)


def _check_ids(form: Form, kind: str, listed: list[str], parse: list[str]) -> None:
    form.unique(("allowed_mentions", kind), listed)
    if len(listed) > _MOST_IDS:
        form.add(("allowed_mentions", kind), "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")
    if listed and kind in parse:
        message = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
        form.add(("allowed_mentions",), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", message)


def find_mentions(world: World, text: str, allowed: Allowed, *, may_ping_all: bool) -> Mentions:
    """The mentions in *text* that ping.

    Args:
        world: Who exists.
        text: Content and text displays; what stands in code marks does not ping.
        allowed: The request's allowed mentions.
        may_ping_all: Whether the author has MENTION_EVERYONE, which also covers unmentionable roles.
    """
    plain = _CODE.sub("", text)
    users = [
        uid for uid in _unique(_USER.findall(plain)) if uid in world.users and allowed.takes("users", uid)
    ]
    roles = [
        role_id
        for role_id in _unique(_ROLE.findall(plain))
        if role_id in world.roles
        and allowed.takes("roles", role_id)
        and (may_ping_all or world.roles[role_id].mentionable)
    ]
    everyone = bool(_EVERYONE.search(plain)) and "everyone" in allowed.parse and may_ping_all
    return Mentions(users, roles, everyone)


def _unique(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def all_text(content: str, components: list[JSON]) -> str:
    """Content and every text display in *components*, joined by newlines."""
    texts = [content]
    for component in components:
        if isinstance(component.get("content"), str):
            texts.append(component["content"])
        texts.append(all_text("", component.get("components") or []))
    return "\n".join(text for text in texts if text)
