"""The types of the policy file's values, and rules. Limits are Discord's unless a comment says otherwise."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from bot.domain.calendar.business_time import Weekday
from bot.domain.code_host import is_repository
from bot.domain.oncall.people import SHORTEST_ID, is_ntfy, is_pushover
from bot.domain.paging import Also
from bot.domain.severity import Mention
from bot.domain.text import is_one_emoji
from bot.domain.triage.tree import LATER, REEVALUATE, UNSURE, Text, TriageOutcome
from bot.runbook.fields.rules import Names, Rule

LANGUAGES = ("ja", "en")


def string(value: object) -> str:
    """Return *value* without blanks around it.

    Raises:
        ValueError: it is no string, an empty one, or holds NUL, which PostgreSQL refuses.
    """
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise ValueError(value)
    return value.strip()


def fitting(pattern: str, value: object) -> str:
    """Return *value* if it is a string that matches *pattern*, in which letters of any script are letters.

    Raises:
        ValueError: it is not.
    """
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ValueError(value)
    return value


def _given(fits: Callable[[str], bool], value: object) -> str:
    text = string(value)
    if not fits(text):
        raise ValueError(text)
    return text


def matching(pattern: str, what: str, allowed: str, *, drop: str = "") -> Rule:
    """Return the rule for a string that matches *pattern* as a whole; the prefix *drop* is not kept."""
    compiled = re.compile(pattern, re.ASCII)

    def read(value: object) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(value)
        return value.removeprefix(drop)

    return Rule(what, allowed, read)


def or_none(rule: Rule, to_say: str = "") -> Rule:
    """Return *rule* with "none" allowed as well, and *to_say* what that means."""
    allowed = f'{rule.allowed}, or "none"{to_say}'
    return Rule(rule.what, allowed, lambda value: None if value == "none" else rule.read(value))


def text_up_to(limit: int) -> Rule:
    """Return the rule for words, up to *limit* characters: one string for both languages, or one for each."""

    def read(value: object) -> Text:
        words = value if isinstance(value, dict) else dict.fromkeys(LANGUAGES, value)
        if not words or not set(words) <= set(LANGUAGES):
            raise ValueError(words)
        given = {language: string(word) for language, word in words.items()}
        if max(map(len, given.values())) > limit:
            raise ValueError(given)
        other = next(iter(given.values()))  # a team of one language writes only that
        return Text(given.get("ja", other), given.get("en", other))

    return Rule("a text", f'"words" or {{ ja = "...", en = "..." }}, each 1 to {limit} characters', read)


def string_up_to(limit: int, what: str, example: str, *, drop: str = "") -> Rule:
    """Return the rule for a string of at most *limit* characters; the prefix *drop* is not kept."""

    def read(value: object) -> str:
        text = string(value)
        if len(text) > limit:
            raise ValueError(text)
        return text.removeprefix(drop)

    return Rule(what, f'1 to {limit} characters ("{example}")', read)


def whole(least: int, most: int, what: str) -> Rule:
    """Return the rule for a whole number from *least* to *most*."""

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(value)
        return value

    return Rule(what, f"{least} to {most}", read)


def choice(kind: type[StrEnum], what: str) -> Rule:
    """Return the rule for one of the values of an enumeration."""
    return Rule(what, ", ".join(f'"{value}"' for value in kind), lambda value: kind(string(value)))


def one_of(names: tuple[str, ...], what: str, keys: str = "", *, drop: str = "") -> Rule:
    """Return the rule for one of *names*, which the file itself defines; without any, for a string."""

    def read(value: object) -> str:
        name = string(value).removeprefix(drop)
        if names and name not in names:
            raise ValueError(name)
        return name

    return Rule(what, ", ".join(f'"{name}"' for name in names) + keys, read)


def _name(what: str, example: str) -> Rule:
    return matching(r"[A-Z0-9_-]{1,16}", what, f'1 to 16 of A-Z, 0-9, _ and - ("{example}")')


SeverityName = Annotated[str, _name("a severity's name", "SEV1")]
Priority = Annotated[str, _name("a priority", "P0")]
# Ids travel in custom_id, which holds 100 characters in all.
_ID, _OF = r"[a-z0-9_]{1,24}", "1 to 24 of a-z, 0-9 and _"
Id = Annotated[str, matching(_ID, "an id", f'{_OF} ("large_impact")')]
_PLACE = matching(_ID, "an on-call place", f'{_OF} ("primary")')
Place = Annotated[str, _PLACE]
PlaceOrNone = Annotated[str | None, or_none(_PLACE, " for nobody")]
# "unsure" is taken by わからない.
AnswerId = Annotated[
    str, matching(rf"(?!{UNSURE}$){_ID}", "an answer's id", f'{_OF} ("yes"), but not "unsure"')
]
NodeId = Annotated[
    str,
    matching(
        rf"(?!{LATER}$)(?=.*[a-z]){_ID}",  # a letter: a severity may be named "1"
        "a question's id",
        f'{_OF} with a letter ("large_impact"), but not "reevaluate"',
    ),
]
DISCORD_USER = matching(
    rf"@?[a-z0-9_.]{{2,32}}|[0-9]{{{SHORTEST_ID},20}}",
    "a Discord user",
    'a username ("primary") or a user id in quotes ("123456789012345678")',
    drop="@",
)
DiscordUser = Annotated[str, DISCORD_USER]
_EMAIL = r"[^@\s<>,]+@[^@\s<>,]+\.[^@\s<>,]+"
Email = Annotated[str, matching(_EMAIL, "an email address", 'one address ("oncall@example.com")')]
_NTFY = 'a topic ("parky-alice-x7Kq") or its https:// address ("https://ntfy.example.com/alice")'
Ntfy = Annotated[str, Rule("an ntfy topic", _NTFY, lambda value: _given(is_ntfy, value))]
_PUSHOVER = "the 30 letters and digits of a user key"
Pushover = Annotated[str, Rule("a Pushover user key", _PUSHOVER, lambda value: _given(is_pushover, value))]
_BIGINT = 2**63 - 1  # PostgreSQL's


def _guild(value: object) -> int:
    if not isinstance(value, str) or not re.fullmatch(rf"[0-9]{{{SHORTEST_ID},19}}", value, re.ASCII):
        raise ValueError(value)
    if int(value) > _BIGINT:
        raise ValueError(value)
    return int(value)


Guild = Annotated[int, Rule("a server's id", 'its digits in quotes ("123456789012345678")', _guild)]
Label = Annotated[Text, text_up_to(80)]  # of a button
Day = Annotated[Weekday, choice(Weekday, "a day of the week")]
AlsoName = Annotated[Also, choice(Also, "a way beside Discord")]
MentionName = Annotated[Mention, choice(Mention, "a mention")]
TARGET = string_up_to(80, "a target", "api.example.com")
Target = Annotated[str, TARGET]


def _channel(value: object) -> str:
    name = string(value).removeprefix("#")
    if not re.fullmatch(r"[^\s#@:]{1,100}", name):
        raise ValueError(name)
    return name


_CHANNEL = Rule(
    "a channel", 'a channel name of up to 100 characters without blanks ("p0-alerts"), or its id', _channel
)
Channel = Annotated[str, _CHANNEL]
ThreadChannel = Annotated[str | None, or_none(_CHANNEL, " for no thread")]
_ROLE = string_up_to(100, "a role", "on-call", drop="@")


def _roles(value: object) -> tuple[str, ...]:
    names = tuple(str(_ROLE.read(name)) for name in (value if isinstance(value, list) else [value]))
    return () if "everyone" in names else names


def _role(value: object) -> str:
    name = str(_ROLE.read(value))
    if name == "everyone":
        raise ValueError(value)
    return name


Role = Annotated[str, Rule("a role", 'the name or the id of a role ("payments-team"), not "everyone"', _role)]
Roles = Annotated[
    tuple[str, ...],
    Rule("a list of roles", 'role names or ids (["on-call", "admin"]), or "everyone"', _roles),
]


def _target(value: object) -> str | TriageOutcome:
    name = string(value)
    if name == LATER:
        return REEVALUATE
    # A question's id has a lower-case letter and a severity's name has none: never both.
    return name if any(sign.islower() for sign in name) else TriageOutcome(name)


NextStep = Annotated[
    str | TriageOutcome, Rule("a next step", "a question's id, a severity's name or \"reevaluate\"", _target)
]


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _emoji(value: object) -> str:
    text = string(value)
    if not (re.fullmatch(r"<a?:\w{2,32}:\d{17,20}>", text, re.ASCII) or is_one_emoji(text)):
        raise ValueError(text)
    return text


Bool = Annotated[bool, Rule("a yes or no", "true, false", _bool)]
Language = Annotated[str, matching("ja|en", "a language", '"ja", "en"')]
Emoji = Annotated[
    str, Rule("an emoji", 'one emoji ("👀") or a custom one ("<:ack:123456789012345678>")', _emoji)
]


def _repository(value: object) -> str:
    name = string(value)
    if not is_repository(name):
        raise ValueError(name)
    return name


Repository = Annotated[str, Rule("a repository", 'owner/name ("parky/ops")', _repository)]


def _person(names: Names) -> Rule:
    people = one_of(names.people, "one of the team", " (the keys of [people])", drop="@")
    return people if names.people else DISCORD_USER


#: A severity of the file.
OfSeverity = Annotated[str, Rule(among=lambda names: one_of(names.severities, "a severity"))]
#: One of ``[people]``, or a Discord user if that table is empty.
Person = Annotated[str, Rule(among=_person)]


def _url(value: object) -> str:
    url = string(value)
    address = urlsplit(url)
    _ = address.port  # raises ValueError if it is none
    if address.scheme not in {"http", "https"} or not address.hostname or "@" in address.netloc:
        raise ValueError(url)
    return url


Url = Annotated[
    str, Rule("an address", 'http:// or https:// without a password ("https://api.example.com/health")', _url)
]
