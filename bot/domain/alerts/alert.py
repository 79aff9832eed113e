"""Messages of monitors as they came, their targets, and the fingerprint by which two of them are the same
alert.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Final

from bot.domain.masking.masking import mask
from bot.domain.text import one_line
from bot.domain.triage.session import Evidence

#: Characters of a target that is taken from a message rather than from the policy.
TARGET_LIMIT: Final = 80
#: Kinds of secrets that stay in a title and a target: a mailbox may be what is full.
MAY_BE_AFFECTED: Final = frozenset({"email"})
_TITLE_LIMIT: Final = 200
_LINE_SEEN: Final = 1_000  # characters of a line of which at most 300 are shown
_LINES: Final = 30  # that are looked at for one that says something: the others may be thousands of signs

_LABELS: Final = (
    *("target", "service", "service name", "host", "monitor", "check"),
    *("対象", "サービス", "ホスト", "監視"),
)
_LABELLED: Final = re.compile(
    rf"(?:^|[\s|·,(*])(?:{'|'.join(_LABELS)})\**\s*[:=：]\**\s*(?P<value>[^\s,|·)][^\n,|·)]*)",
    re.IGNORECASE,
)


class AlertPart(StrEnum):
    """A part that two alerts may have in common."""

    TITLE = "title"
    TARGET = "target"
    CHANNEL = "channel"
    AUTHOR = "author"


@dataclass(frozen=True, slots=True)
class AlertEmbed:
    """The words of an embed; what it does not have is empty.

    Attributes:
        fields: Name and value of each, in order.
        colour: Red, green and blue in eight bits each; 0: none.
    """

    title: str = ""
    description: str = ""
    author: str = ""
    footer: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    colour: int = 0

    def masked(self) -> "AlertEmbed":
        """Return the embed without tokens, passwords and keys."""
        return AlertEmbed(
            title=_masked(self.title),
            description=_masked(self.description),
            author=_masked(self.author),
            footer=_masked(self.footer),
            fields=tuple((_masked(name), _masked_value(name, value)) for name, value in self.fields),
            colour=self.colour,
        )


@dataclass(frozen=True, slots=True)
class AlertMessage:
    """A message that may be an alert.

    Attributes:
        channel: The channel's name.
        evidence: Its words, its author under the name that it was posted under, its address and time.
        is_webhook: A webhook posted it.
        is_bot: A bot's user posted it.
        is_ours: It is this bot's own, or its application's.
        username: The author's own name, which the policy may allow.
        stand_in: The title when nothing of the message can be read, in the team's language.
    """

    id: int
    guild_id: int
    channel_id: int
    channel: str
    content: str
    embeds: tuple[AlertEmbed, ...]
    evidence: Evidence
    is_webhook: bool
    is_bot: bool
    is_ours: bool
    username: str
    stand_in: str

    @property
    def title(self) -> str:
        """Return the first embed's title, else the first line with text; empty when no line can be read."""
        return next(self.titles(), "")

    def titles(self) -> Iterator[str]:
        """Yield the lines that may serve as its title, the best first."""
        lines = (line for embed in self.embeds for line in (embed.title, embed.description, embed.author))
        titles = [embed.title for embed in self.embeds[:1]]
        for text in (*titles, self.content, *lines):
            if line := first_line(text):
                yield line

    def masked(self) -> "AlertMessage":
        """Return the message as it may be stored and shown elsewhere: without tokens, passwords and keys.

        Emails go from the evidence alone, as from the text of an `AlertEvent`. A message without secrets is
        equal to what this returns.
        """
        return replace(
            self,
            content=_masked(self.content),
            embeds=tuple(embed.masked() for embed in self.embeds),
            evidence=self.evidence.masked(),
        )

    @property
    def sender(self) -> str:
        """Return the author's id and the name it posted under: one webhook may serve several senders."""
        return f"{self.evidence.author_id}:{self.evidence.author_name}"

    def target(self, known: Sequence[str]) -> str | None:
        """Return the target: one of *known* that the message mentions, else the value that it labels as one.

        Args:
            known: The policy's targets. "dev-*" matches any name that begins with "dev-". The longest match
                wins.
        """
        texts = [self.content]
        for embed in self.embeds:
            texts += [embed.title, embed.description, embed.author, embed.footer]
            texts += [f"{name}: {value}" for name, value in embed.fields]
        for name in sorted(known, key=len, reverse=True):
            pattern = mention_of(name)
            if any(pattern.search(text) for text in texts):
                return name
        fields = (field for embed in self.embeds for field in embed.fields)
        named = (
            value for name, value in fields if first_line(name).rstrip(":：").strip().casefold() in _LABELS
        )
        labelled = (match["value"] for text in texts for match in _LABELLED.finditer(text))
        return next(
            (cleaned for value in (*named, *labelled) if (cleaned := first_line(value)[:TARGET_LIMIT])), None
        )


@dataclass(frozen=True, slots=True)
class FiredAlert:
    """An alert that fires.

    Attributes:
        fingerprint: Of the message itself; the incident that it counts on may be about another alert.
        at: When the message was posted, aware.
        incident_id: What it counts on; None: nothing, the team passes over it.
    """

    guild_id: int
    fingerprint: str
    at: datetime
    incident_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """Some messages of a watched channel, oldest first."""

    channel_id: int
    messages: tuple[AlertMessage, ...]


def fingerprint_of(
    message: AlertMessage, parts: Iterable[AlertPart], *, target: str | None, title: str
) -> str:
    """Return the fingerprint by which two messages count as the same alert.

    Args:
        message: The alert.
        parts: The parts to compare. If the message has none of them, its title is compared. If it has no
            title either (it cannot be read), its channel and author are.
        target: As `AlertMessage.target` found it.
        title: What the message is about, without what differs from time to time.

    Returns:
        64 hexadecimal digits.
    """
    has = {
        AlertPart.TITLE: title,
        AlertPart.TARGET: one_line(target or "", limit=TARGET_LIMIT).casefold(),
        AlertPart.CHANNEL: str(message.channel_id),
        AlertPart.AUTHOR: one_line(message.evidence.author_name, limit=TARGET_LIMIT).casefold(),
    }
    chosen = list(dict.fromkeys(parts))
    if not any(has[part] for part in chosen):
        chosen = [AlertPart.TITLE] if has[AlertPart.TITLE] else [AlertPart.CHANNEL, AlertPart.AUTHOR]
    compared = "\n".join(f"{part}={has[part]}" for part in sorted(chosen))
    return hashlib.sha256(compared.encode()).hexdigest()


def severity_at_start(title: str, words: Iterable[str]) -> str | None:
    """Return the one of *words* that *title* begins with ("[P0] ...", "SEV1: ..."), or None."""
    begin = re.sub(r"^[\W_]+", "", unicodedata.normalize("NFKC", title)).casefold()
    for word in sorted(words, key=len, reverse=True):
        if re.match(rf"{re.escape(word.casefold())}(?![A-Za-z0-9])", begin):
            return word
    return None


_SAID: Final = re.compile(r"<(?:@[!&]?|#)\d{1,20}>|@(?:everyone|here)\b", re.ASCII)
_EMOJI: Final = re.compile(r"<a?:(\w{2,32}):\d{1,20}>", re.ASCII)
# No part runs over what another link may begin with, so that a text of brackets is looked at once.
_LINK: Final = re.compile(r"\[([^\[\]\n]+)\]\(<?https?://[^()\[\]<>\s]+>?\)")
_BEGIN: Final = re.compile(r"^(?:#{1,3}|-#|>{1,3}|[-*])\s+")
_STYLE: Final = re.compile(r"\*{1,3}|~~|\|\||`{1,3}|__")


def first_line(text: str, *, limit: int = _TITLE_LIMIT) -> str:
    """Return the first line with text, without markup and mentions, at most *limit* characters long."""
    readable = _LINK.sub(r"\1", _EMOJI.sub(r":\1:", _SAID.sub("", text)))
    lines = (line.strip()[:_LINE_SEEN] for line in readable.splitlines())
    for line in islice((line for line in lines if line), _LINES):
        if shown := one_line(_STYLE.sub("", _BEGIN.sub("", line)), limit=limit):
            return shown
    return ""


def _masked(text: str) -> str:
    return mask(text, leaves=MAY_BE_AFFECTED).text


def _masked_value(name: str, value: str) -> str:
    """Return the *value* of a field: a password may be known by the field's name alone."""
    head = f"{name}: "
    masked = _masked(f"{head}{value}")
    return masked.removeprefix(head) if masked.startswith(head) else _masked(value)


def named(target: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return those of *names* that are *target* whatever the case of the letters, the very same one first."""
    same = (name for name in names if name.casefold() == target.casefold())
    return tuple(sorted(same, key=lambda name: name != target))


def mention_of(target: str) -> re.Pattern[str]:
    """Return a pattern that finds *target* as a whole name: "parky.co.jp" is not in "api.parky.co.jp"."""
    name = re.escape(target).replace(r"\*", r"[\w.-]*")
    return re.compile(rf"(?<![\w.-]){name}(?!\w|[.-]\w)", re.IGNORECASE | re.ASCII)
