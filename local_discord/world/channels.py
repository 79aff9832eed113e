"""Channels: what a request may set of them. Source: Discord's docs, Resources > Channel > Modify Channel."""

from typing import Any, Final

from local_discord.core import Core
from local_discord.errors import refused
from local_discord.forms import Form, Path
from local_discord.world.kinds import JSON, ChannelFlag, ChannelType
from local_discord.world.world import Channel, Overwrite, World

DURATIONS = (60, 1440, 4320, 10080)
MOST_SLOWMODE_S = 21_600
_MOST_OVERWRITES = 100
_MOST_TAGS, _MOST_TAG_NAME = 20, 20
_MOST_CHILDREN = 50
_MOST_POSITION = 2**31 - 1
_TOPIC: Final[dict[ChannelType, int]] = {ChannelType.FORUM: 4096}
# Lower case with dashes is how clients and the API show the names of these.
_SLUGGED = (ChannelType.TEXT, ChannelType.ANNOUNCEMENT, ChannelType.FORUM)
_OF_THREADS = ("default_auto_archive_duration", "default_thread_rate_limit_per_user")
_OF_FORUMS = (
    *("default_sort_order", "default_forum_layout", "default_tag_setting"),
    *("available_tags", "default_reaction_emoji"),
)
# The fields that only some kinds have.
_EXTRA: Final[dict[ChannelType, tuple[str, ...]]] = {
    ChannelType.TEXT: _OF_THREADS,
    ChannelType.ANNOUNCEMENT: _OF_THREADS,
    ChannelType.FORUM: (*_OF_THREADS, *_OF_FORUMS),
    ChannelType.VOICE: ("bitrate", "user_limit", "video_quality_mode", "rtc_region"),
}
_BITS = (1 << 63) - 1


class ChannelForm:
    """Reads the body of a Create Guild Channel or Modify Channel request into a channel.

    `read` collects what is wrong; `apply` changes the channel, after `Form.finish`.
    """

    def __init__(self, core: Core, form: Form, body: JSON, kind: ChannelType) -> None:
        self._core = core
        self._form = form
        self._body = body
        self._kind = kind
        self._set: dict[str, Any] = {}
        self._extra: JSON = {}
        self.overwrites: dict[str, Overwrite] | None = None

    def read(self) -> None:
        """Validate every field that this kind of channel has."""
        form, body = self._form, self._body
        if "name" in body:
            self._set["name"] = self._name(body["name"])
        if "topic" in body:
            topic = form.text(("topic",), body["topic"], most=_TOPIC.get(self._kind, 1024))
            self._set["topic"] = topic or None
        self._number("rate_limit_per_user", "slowmode_s", MOST_SLOWMODE_S)
        self._number("position", "position", _MOST_POSITION)
        if "nsfw" in body:
            self._set["nsfw"] = form.boolean(("nsfw",), body["nsfw"])
        if "parent_id" in body:
            self._set["parent_id"] = self._parent(body["parent_id"])
        if body.get("permission_overwrites") is not None:
            items = form.items(
                ("permission_overwrites",), body["permission_overwrites"], most=_MOST_OVERWRITES
            )
            found = [
                read_overwrite(form, ("permission_overwrites", at), item) for at, item in enumerate(items)
            ]
            self.overwrites = {one.id: one for one in found if one}
        self._read_kind()

    def _read_kind(self) -> None:
        """Read the fields of some kinds only: all are validated, and those this kind lacks are dropped."""
        form, body = self._form, self._body
        self._choice("default_auto_archive_duration", DURATIONS)
        self._whole("default_thread_rate_limit_per_user", 0, MOST_SLOWMODE_S)
        self._choice("default_sort_order", (0, 1))
        self._choice("default_forum_layout", (0, 1, 2))
        self._whole("bitrate", 8000, 96_000)
        self._whole("user_limit", 0, 99)
        self._choice("video_quality_mode", (1, 2))
        self._choice("default_tag_setting", ("match_all", "match_some"))
        self._extra["rtc_region"] = form.text(("rtc_region",), body.get("rtc_region"), most=100) or None
        self._extra["available_tags"] = self._tags(body.get("available_tags"))
        self._extra["default_reaction_emoji"] = self._reaction(body.get("default_reaction_emoji"))
        flags = form.integer(("flags",), body.get("flags"), 0, least=0, most=1 << 31)
        if self._kind is ChannelType.FORUM and "flags" in body:
            self._set["flags"] = flags & ChannelFlag.REQUIRE_TAG
        own = _EXTRA.get(self._kind, ())
        self._extra = {key: value for key, value in self._extra.items() if key in own and key in body}

    def apply(self, channel: Channel) -> None:
        """Change *channel* as the body says."""
        for name, value in self._set.items():
            setattr(channel, name, value)
        channel.extra |= self._extra
        if self.overwrites is not None:
            channel.overwrites = dict(self.overwrites)

    def _name(self, value: object) -> str:
        name = self._form.text(("name",), value, least=1, most=100).strip()
        return name.lower().replace(" ", "-") if self._kind in _SLUGGED else name

    def _number(self, key: str, attribute: str, most: int) -> None:
        if self._body.get(key) is not None:
            self._set[attribute] = self._form.integer((key,), self._body[key], 0, least=0, most=most)

    def _whole(self, key: str, least: int, most: int) -> None:
        if self._body.get(key) is not None:
            self._extra[key] = self._form.integer((key,), self._body[key], least, least=least, most=most)

    def _choice(self, key: str, allowed: tuple[int | str, ...]) -> None:
        if self._body.get(key) is not None:
            self._form.choice((key,), self._body[key], allowed)
            self._extra[key] = self._body[key]

    def _parent(self, value: object) -> str | None:
        """The id of a category with room for one more, or None."""
        parent_id = self._form.snowflake(("parent_id",), value)
        if parent_id is None:
            return None
        world = self._core.world
        parent = world.channels.get(parent_id)
        if parent is None or parent.type is not ChannelType.CATEGORY or self._kind is ChannelType.CATEGORY:
            self._form.add(("parent_id",), "CHANNEL_PARENT_INVALID_TYPE", "Not a category")
        elif sum(one.parent_id == parent_id for one in world.channels.values()) >= _MOST_CHILDREN:
            text = f"Maximum number of channels in category reached ({_MOST_CHILDREN})"
            self._form.add(("parent_id",), "CHANNEL_PARENT_MAX_CHANNELS", text)
        return parent_id

    def _tags(self, value: object) -> list[JSON]:
        """Forum tags with ids. 40061 when two have one name."""
        items = self._form.items(("available_tags",), value, most=_MOST_TAGS)
        tags = [self._tag(("available_tags", at), item) for at, item in enumerate(items)]
        if len({tag["name"] for tag in tags}) < len(tags) and not self._form.failed:
            raise refused(40061)
        return tags

    def _tag(self, path: Path, item: JSON) -> JSON:
        form = self._form
        return {
            "id": form.snowflake((*path, "id"), item.get("id")) or self._core.ids.next(),
            "name": form.text((*path, "name"), item.get("name"), least=1, most=_MOST_TAG_NAME),
            "moderated": form.boolean((*path, "moderated"), item.get("moderated")),
            "emoji_id": form.snowflake((*path, "emoji_id"), item.get("emoji_id")),
            "emoji_name": form.text((*path, "emoji_name"), item.get("emoji_name"), most=100) or None,
        }

    def _reaction(self, value: object) -> JSON | None:
        form, path = self._form, ("default_reaction_emoji",)
        emoji = form.mapping(path, value)
        if not emoji:
            return None
        name = form.text((*path, "emoji_name"), emoji.get("emoji_name"), most=100) or None
        return {"emoji_id": form.snowflake((*path, "emoji_id"), emoji.get("emoji_id")), "emoji_name": name}


def read_overwrite(form: Form, path: Path, item: JSON) -> Overwrite | None:
    """A permission overwrite with its target's id; None when it is wrong."""
    target = form.snowflake((*path, "id"), item.get("id"))
    if target is None and item.get("id") is None:
        form.add((*path, "id"), "BASE_TYPE_REQUIRED", "This field is required")
    kind = item.get("type", 0)
    form.choice((*path, "type"), kind, (0, 1))
    allow = form.integer((*path, "allow"), item.get("allow"), 0, least=0, most=_BITS)
    deny = form.integer((*path, "deny"), item.get("deny"), 0, least=0, most=_BITS)
    return None if target is None or form.failed else Overwrite(target, int(kind), allow & ~deny, deny)


def inherited(world: World, channel: Channel) -> dict[str, Overwrite]:
    """Copies of the overwrites of the channel's category.

    Source: Topics > Permissions > Permission Syncing.
    """
    parent = world.channels.get(channel.parent_id or "")
    found = parent.overwrites.values() if parent else []
    return {one.id: Overwrite(one.id, one.type, one.allow, one.deny) for one in found}
