"""What Discord's documentation forbids a command to be is refused, at its place and by its code."""

from typing import Any, Final

import pytest

from local_discord.tests.client import Client
from local_discord.tests.interactions.test_commands import APPLICATION, GUILD, option
from local_discord.tests.openapi.description import document, require_description
from local_discord.world.kinds import LOCALES

INVALID_NAME: Final = "APPLICATION_COMMAND_INVALID_NAME"
CHOICES: Final = "BASE_TYPE_CHOICES"
UNION: Final = "UNION_TYPE_CHOICES"
EXCLUSIVE: Final = "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID"
FIELD: Final = "APPLICATION_COMMAND_OPTION_FIELD_INVALID"
MIN_MAX: Final = "APPLICATION_COMMAND_OPTION_MIN_MAX"
SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, NUMBER = 1, 2, 3, 4, 5, 6, 10


def command(*options: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A command that is right but for *options* and *fields*."""
    return {"name": "a", "description": "d", "options": list(options), **fields}


def nested(kind: int, *options: dict[str, Any], name: str = "in") -> dict[str, Any]:
    """A group or subcommand."""
    return {"type": kind, "name": name, "description": "d", "options": list(options)}


def choice(name: str, value: Any, **fields: Any) -> dict[str, Any]:
    """A choice."""
    return {"name": name, "value": value, **fields}


WRONG: Final[list[tuple[str, dict[str, Any], tuple[str, ...], str]]] = [
    (
        "localised name of a command",
        command(name_localizations={"ja": "Upper Case!! 発報"}),
        ("name_localizations",),
        INVALID_NAME,
    ),
    (
        "name with a mark of its own",  # か and a combining mark: no letter, and not Devanagari or Thai
        command(name_localizations={"ja": "か\u3099"}),
        ("name_localizations",),
        INVALID_NAME,
    ),
    (
        "localised name of an option",
        command(option(name_localizations={"ja": "悪い 名前"})),
        ("options", "0", "name_localizations", "ja"),
        INVALID_NAME,
    ),
    (
        "locale of a command's name",
        command(name_localizations={"xx": "a"}),
        ("name_localizations", "xx"),
        CHOICES,
    ),
    (
        "locale of a command's description",
        command(description_localizations={"jp": "a"}),
        ("description_localizations", "jp"),
        CHOICES,
    ),
    (
        "locale of an option",
        command(option(description_localizations={"xx": "a"})),
        ("options", "0", "description_localizations", "xx"),
        CHOICES,
    ),
    (
        "locale of a choice",
        command(option(choices=[choice("a", "b", name_localizations={"xx": "a"})])),
        ("options", "0", "choices", "0", "name_localizations", "xx"),
        CHOICES,
    ),
    (
        "locale of a menu command",
        {"name": "A menu", "type": 3, "name_localizations": {"xx": "A menu"}},
        ("name_localizations", "xx"),
        CHOICES,
    ),
    (
        "group in a group",
        command(nested(GROUP, nested(GROUP, nested(SUBCOMMAND)))),
        ("options", "0", "options", "0"),
        UNION,
    ),
    (
        "subcommand in a subcommand",
        command(nested(SUBCOMMAND, nested(SUBCOMMAND))),
        ("options", "0", "options", "0"),
        UNION,
    ),
    (
        "group in a subcommand",
        command(nested(SUBCOMMAND, nested(GROUP))),
        ("options", "0", "options", "0"),
        UNION,
    ),
    (
        "plain option in a group",
        command(nested(GROUP, option())),
        ("options", "0", "options", "0"),
        UNION,
    ),
    ("option of no kind", command(option(type=12)), ("options", "0"), UNION),
    (
        "option without a kind",
        command({"name": "a", "description": "d"}),
        ("options", "0"),
        "TAG_FIELD_MISSING",
    ),
    (
        "subcommand beside an option",
        command(option(), nested(SUBCOMMAND)),
        ("options", "1"),
        EXCLUSIVE,
    ),
    (
        "option beside a group",
        command(nested(GROUP, nested(SUBCOMMAND)), option()),
        ("options", "1"),
        EXCLUSIVE,
    ),
    (
        "required after optional, in a subcommand",
        command(nested(SUBCOMMAND, option(), option(name="b", required=True))),
        ("options", "0", "options", "1"),
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
    ),
    (
        "choices of a boolean",
        command(option(type=BOOLEAN, choices=[choice("a", 1)])),
        ("options", "0", "choices"),
        FIELD,
    ),
    (
        "autocomplete of a user",
        command(option(type=USER, autocomplete=True)),
        ("options", "0", "autocomplete"),
        FIELD,
    ),
    (
        "required subcommand",
        command(nested(SUBCOMMAND) | {"required": True}),
        ("options", "0", "required"),
        FIELD,
    ),
    ("options of a string", command(option(options=[option()])), ("options", "0", "options"), FIELD),
    ("length of a number", command(option(type=NUMBER, max_length=5)), ("options", "0", "max_length"), FIELD),
    ("value of a string", command(option(min_value=5)), ("options", "0", "min_value"), FIELD),
    (
        "channels of a user",
        command(option(type=USER, channel_types=[0])),
        ("options", "0", "channel_types"),
        FIELD,
    ),
    (
        "choices and autocomplete",
        command(option(choices=[choice("a", "b")], autocomplete=True)),
        ("options", "0", "autocomplete"),
        "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES",
    ),
    (
        "two choices of a name",
        command(option(choices=[choice("a", "b"), choice("a", "c")])),
        ("options", "0", "choices"),
        "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
    ),
    (
        "two options of a name",
        command(option(name="a"), option(name="a")),
        ("options",),
        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
    ),
    (
        "two options of a name in one language",  # Application Commands > Localization
        command(
            option(name="a", name_localizations={"ja": "理由"}),
            option(name="b", name_localizations={"ja": "理由"}),
        ),
        ("options",),
        "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS",
    ),
    (
        "half of an integer",
        command(option(type=INTEGER, choices=[choice("a", 1.5)])),
        ("options", "0", "choices", "0", "value"),
        "NUMBER_TYPE_COERCE",
    ),
    (
        "choice without a value",
        command(option(type=INTEGER, choices=[{"name": "a"}])),
        ("options", "0", "choices", "0", "value"),
        "BASE_TYPE_REQUIRED",
    ),
    (
        "integer beyond 2^53 - 1",
        command(option(type=INTEGER, max_value=2**53)),
        ("options", "0", "max_value"),
        "NUMBER_TYPE_MAX",
    ),
    (
        "values the wrong way",
        command(option(type=INTEGER, min_value=5, max_value=1)),
        ("options", "0", "min_value"),
        MIN_MAX,
    ),
    (
        "lengths the wrong way",
        command(option(min_length=10, max_length=2)),
        ("options", "0", "min_length"),
        MIN_MAX,
    ),
    (
        "length beyond 6,000",
        command(option(max_length=6001)),
        ("options", "0", "max_length"),
        "NUMBER_TYPE_MAX",
    ),
]
RIGHT: Final[list[tuple[str, dict[str, Any]]]] = [
    ("group, subcommand, option", command(nested(GROUP, nested(SUBCOMMAND, option())))),
    ("Devanagari and Thai", command(name_localizations={"hi": "नमस्ते", "th": "น้ำ", "ja": "発報"})),
    (
        "menus as people write",
        {"name": "To the Timeline", "type": 3, "name_localizations": {"ja": "時系列 へ"}},
    ),
    ("what libraries send unset", command(option(type=USER, choices=[], autocomplete=False, min_value=None))),
    ("number choices", command(option(type=NUMBER, choices=[choice("half", 0.5)], min_value=-1.5))),
    (
        "choice names are free",
        command(option(choices=[choice("A b!", "x", name_localizations={"ja": "あ い"})])),
    ),
]


@pytest.mark.parametrize(
    ("body", "path", "code"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
async def test_what_is_forbidden_is_refused(
    client: Client, body: dict[str, Any], path: tuple[str, ...], code: str
) -> None:
    """One at a time, and as one of many, where the place in the list comes first."""
    assert (await client.api(f"POST {GUILD}/commands", body)).errors(*path) == [code]
    assert (await client.register({"name": "fine", "description": "d"}, body)).errors("1", *path) == [code]
    assert (await client.api(f"GET {GUILD}/commands")).body == []


@pytest.mark.parametrize("body", [case[1] for case in RIGHT], ids=[case[0] for case in RIGHT])
async def test_what_is_allowed_is_taken(client: Client, body: dict[str, Any]) -> None:
    """The rules refuse no more than they should."""
    assert (await client.api(f"POST {GUILD}/commands", body)).status == 201


def test_locales_are_discords() -> None:
    """The sandbox knows the locales that Discord's description names, and no other."""
    require_description()
    named = document()["components"]["schemas"]["AvailableLocalesEnum"]["oneOf"]
    assert sorted(LOCALES) == sorted(one["const"] for one in named)


async def test_size_counts_the_longest_localisation(client: Client) -> None:
    """8,000 characters in all: of each field only its longest text counts, the default among them."""

    def sized(description: str, **fields: Any) -> dict[str, Any]:
        options = [option(name=f"o{n:02}", description=description, **fields) for n in range(25)]
        return command(*(nested(SUBCOMMAND, *options, name=f"s{n}") for n in range(4)))

    short, long = "d", "d" * 100
    fits = sized(short, description_localizations={"ja": "x" * 70, "en-US": "y" * 70})
    assert (await client.register(fits)).status == 200
    for body in (sized(long), sized(short, description_localizations={"ja": long})):
        assert (await client.register(body)).errors("0") == ["APPLICATION_COMMAND_TOO_LARGE"]


async def test_200_creates_a_day_and_guild(client: Client) -> None:
    """30034 afterwards; what exists may still be changed, the next day and the other scope count anew."""
    client.sandbox.core.limiter.enabled = True
    core = client.sandbox.core

    async def create(base: str, name: str) -> int:
        reply = await client.api(f"POST {base}/commands", {"name": name, "description": "d"})
        core.limiter.advance(20)  # the route's own limit is not what this is about
        return reply.status if reply.status < 400 else reply.code

    for number in range(2):  # commands may go again: it is the creates that count
        many = [{"name": f"c{number}-{at}", "description": "d"} for at in range(100)]
        assert (await client.register(*many)).status == 200
        core.limiter.advance(20)
    assert (await client.register(*many[:99])).status == 200
    assert await create(GUILD, "one-more") == 30034
    assert await create(GUILD, "c1-5") == 200
    assert (await client.register(*many)).code == 30034
    assert len((await client.api(f"GET {GUILD}/commands")).body) == 99
    assert await create(APPLICATION, "one-more") == 201
    await client.human("POST clock", advance_s=86_401)
    assert await create(GUILD, "one-more") == 201


async def test_counts_by_kind(client: Client) -> None:
    """15 of each menu, 100 slash commands; replacing all of them is no more than that."""
    menus = [{"name": f"Menu {n}", "type": 2} for n in range(15)]
    slashes = [{"name": f"a{n}", "description": "d"} for n in range(100)]
    others = [{"name": f"b{n}", "description": "d"} for n in range(100)]
    assert (await client.register(*menus, *slashes)).status == 200
    assert (await client.register(*menus, *others)).status == 200
    assert (await client.api(f"POST {GUILD}/commands", {"name": "One more", "type": 2})).code == 30032
    assert (await client.api(f"POST {GUILD}/commands", {"name": "One more", "type": 3})).status == 201
    assert (await client.register(*menus, {"name": "One more", "type": 2})).code == 30032


async def test_a_command_is_not_renamed_to_another(client: Client) -> None:
    """A command cannot take the name of another one, since names are unique by kind and scope."""
    made = (await client.register(*({"name": name, "description": "d"} for name in "ab"))).body
    reply = await client.api(f"PATCH {GUILD}/commands/{made[0]['id']}", {"name": "b"})
    assert reply.errors("name") == ["APPLICATION_COMMANDS_DUPLICATE_NAME"]
