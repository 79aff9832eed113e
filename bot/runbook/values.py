"""Rules for the values of the policy file. The limits are Discord's unless a comment says otherwise."""

import re
from enum import StrEnum
from typing import TypeVar

from bot.domain.emoji import is_one_emoji
from bot.domain.oncall.roster import SHORTEST_ID
from bot.domain.triage.tree import LATER, REEVALUATE, UNSURE, Outcome, Text
from bot.runbook.reader import Rule

E = TypeVar("E", bound=StrEnum)

LANGUAGES = ("ja", "en")


def string(value: object) -> str:
    """*value* without blanks around it.

    Raises:
        ValueError: it is no string, an empty one, or holds NUL, which PostgreSQL refuses.
    """
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(value)
    return value.strip()


def matching(pattern: str, *, what: str, allowed: str, stand_in: str) -> Rule[str]:
    """A string that matches *pattern* as a whole."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: object) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(value)
        return value

    return Rule(what, allowed, read, stand_in)


SEVERITY_NAME = matching(
    r"[A-Z0-9_-]{1,16}",
    what="a severity's name",
    allowed='1 to 16 of A-Z, 0-9, _ and - ("SEV1")',
    stand_in="SEV1",
)
PRIORITY = matching(
    r"[A-Z0-9_-]{1,16}",
    what="a priority",
    allowed='1 to 16 of A-Z, 0-9, _ and - ("P0")',
    stand_in="P0",
)
# Ids travel in custom_id, which holds 100 characters in all.
_ID = r"[a-z0-9_]{1,24}"
ID = matching(_ID, what="an id", allowed='1 to 24 of a-z, 0-9 and _ ("large_impact")', stand_in="id")
PLACE = matching(
    _ID, what="an on-call place", allowed='1 to 24 of a-z, 0-9 and _ ("primary")', stand_in="primary"
)
PLACE_OR_NONE: Rule[str | None] = Rule(
    "an on-call place",
    f'{PLACE.allowed}, or "none" for nobody',
    lambda value: None if value == "none" else PLACE.read(value),
    None,
)
ANSWER_ID = matching(
    rf"(?!{UNSURE}$){_ID}",  # taken by わからない
    what="an answer's id",
    allowed='1 to 24 of a-z, 0-9 and _ ("yes"), but not "unsure"',
    stand_in="yes",
)
NODE_ID = matching(
    rf"(?!{LATER}$)(?=.*[a-z]){_ID}",  # a letter: a severity may be named "1"
    what="a question's id",
    allowed='1 to 24 of a-z, 0-9 and _ with a letter ("large_impact"), but not "reevaluate"',
    stand_in="question",
)
DISCORD_USER = matching(
    rf"@?[a-z0-9_.]{{2,32}}|[0-9]{{{SHORTEST_ID},20}}",
    what="a Discord user",
    allowed='a username ("primary") or a user id in quotes ("123456789012345678")',
    stand_in="primary",
)
_BIGINT = 2**63 - 1  # PostgreSQL's


def _guild(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(rf"[0-9]{{{SHORTEST_ID},19}}", value, re.ASCII):
        raise ValueError(value)
    if int(value) > _BIGINT:
        raise ValueError(value)
    return int(value)


GUILD: Rule[int] = Rule("a server's id", 'its digits in quotes ("123456789012345678")', _guild, 10**17)
EMAIL = matching(
    r"[^@\s<>,]+@[^@\s<>,]+\.[^@\s<>,]+",
    what="an email address",
    allowed='one address ("oncall@example.com")',
    stand_in="oncall@example.com",
)


def text_up_to(limit: int) -> Rule[Text]:
    """Words for people: one string for both languages, or one per language, each up to *limit* characters."""

    def read(value: object) -> Text:
        words = value if isinstance(value, dict) else dict.fromkeys(LANGUAGES, value)
        if not words or not set(words) <= set(LANGUAGES):
            raise ValueError(words)
        given = {language: string(word) for language, word in words.items()}
        if max(map(len, given.values())) > limit:
            raise ValueError(given)
        other = next(iter(given.values()))  # a team of one language writes only that
        return Text(given.get("ja", other), given.get("en", other))

    allowed = f'"words" or {{ ja = "...", en = "..." }}, each 1 to {limit} characters'
    return Rule("a text", allowed, read, Text("-", "-"))


def string_up_to(limit: int, *, what: str, example: str) -> Rule[str]:
    """A string of at most *limit* characters."""

    def read(value: object) -> str:
        text = string(value)
        if len(text) > limit:
            raise ValueError(text)
        return text

    return Rule(what, f'1 to {limit} characters ("{example}")', read, example)


def whole(least: int, most: int, *, what: str) -> Rule[int]:
    """A whole number from *least* to *most*."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(value)
        return value

    return Rule(what, f"{least} to {most}", read, least)


def choice(kind: type[E], *, what: str) -> Rule[E]:
    """One of the values of an enumeration."""
    values = list(kind)
    return Rule(
        what, ", ".join(f'"{value}"' for value in values), lambda value: kind(string(value)), values[0]
    )


def _channel(value: object) -> str:
    name = string(value).removeprefix("#")
    if not re.fullmatch(r"[^\s#@:]{1,100}", name):
        raise ValueError(name)
    return name


_CHANNEL_NAME = 'a channel name of up to 100 characters without blanks ("p0-alerts"), or its id'
CHANNEL = Rule("a channel", _CHANNEL_NAME, _channel, "p0-alerts")
THREAD_CHANNEL: Rule[str | None] = Rule(
    "a channel",
    f'{_CHANNEL_NAME}, or "none" for no thread',
    lambda value: None if value == "none" else _channel(value),
    None,
)


ROLE_NAME = string_up_to(100, what="a role", example="on-call")


def _role(value: object) -> str:
    return ROLE_NAME.read(value).removeprefix("@")


def _roles(value: object) -> tuple[str, ...]:
    names = tuple(_role(name) for name in (value if isinstance(value, list) else [value]))
    return () if "everyone" in names else names


ROLES: Rule[tuple[str, ...]] = Rule(
    "a list of roles", 'role names or ids (["on-call", "admin"]), or "everyone"', _roles, ()
)


def _target(value: object) -> str | Outcome:
    name = string(value)
    if name == LATER:
        return REEVALUATE
    # A question's id has a lower-case letter and a severity's name has none: never both.
    return name if any(sign.islower() for sign in name) else Outcome(name)


TARGET: Rule[str | Outcome] = Rule(
    "a next step", "a question's id, a severity's name or \"reevaluate\"", _target, REEVALUATE
)


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


BOOL = Rule("a yes or no", "true, false", _bool, stand_in=False)


_MOST_REPETITIONS = 1000


def _repetitions(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_REPETITIONS:
        raise ValueError(value)
    return value


REPETITIONS = Rule("a number of times", f"1 to {_MOST_REPETITIONS}", _repetitions, 10)


_MOST_STEPS = 20


def _later_step(value: object) -> int | None:
    if value == "none":
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not _SECOND <= value <= _MOST_STEPS:
        raise ValueError(value)
    return value


_SECOND = 2  # the first step of a ladder goes out with the alert

#: A step of a ladder after its first one, counted from 1.
LATER_STEP: Rule[int | None] = Rule(
    "a step of the ladder", f'{_SECOND} to {_MOST_STEPS}, or "none"', _later_step, None
)


def _language(value: object) -> str:
    if value not in LANGUAGES:
        raise ValueError(value)
    return str(value)


def _emoji(value: object) -> str:
    text = string(value)
    if not (re.fullmatch(r"<a?:\w{2,32}:\d{17,20}>", text) or is_one_emoji(text)):
        raise ValueError(text)
    return text


LANGUAGE = Rule("a language", '"ja", "en"', _language, "ja")
EMOJI = Rule("an emoji", 'one emoji ("👀") or a custom one ("<:ack:123456789012345678>")', _emoji, "👀")


def _postmortem_path(value: object) -> str:
    path = string(value)
    if sorted(re.findall(r"{[^}]*}|[{}]", path)) != ["{date}", "{title}"]:
        raise ValueError(path)
    return path


POSTMORTEM_PATH = Rule(
    "a path",
    'a path with {date} and {title} ("docs/postmortems/{date}-{title}.md")',
    _postmortem_path,
    "{date}",
)
