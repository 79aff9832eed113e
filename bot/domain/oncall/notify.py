"""How a person wants to be paged outside Discord: set by themselves with /oncall notify."""

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from bot.domain.paging import Also

#: The longest time that a person may put between the DM and their other ways.
LONGEST_WAIT: Final = timedelta(hours=1)

#: A topic on the operator's ntfy server, or the whole address of one on another.
_TOPIC: Final = re.compile(r"[-_A-Za-z0-9]{1,64}")
_TOPIC_URL: Final = re.compile(r"https://[^\s/?#@]+(?:/[^\s?#@]*)?/[-_A-Za-z0-9]{1,64}")
_PUSHOVER: Final = re.compile(r"[A-Za-z0-9]{30}")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Local hours in which only urgent severities may page a person outside Discord.

    Attributes:
        start, end: Times of day; the span may pass midnight. They differ.
    """

    start: time
    end: time

    def end_after(self, at: datetime, timezone: ZoneInfo) -> datetime:
        """Return when the quiet hours that *at* (aware) is in end; *at* itself if it is in none."""
        local = at.astimezone(timezone)
        now = local.time()
        is_quiet = (
            self.start <= now < self.end if self.start < self.end else now >= self.start or now < self.end
        )
        if not is_quiet:
            return at
        day = local.date() + timedelta(days=1 if now >= self.end else 0)
        return datetime.combine(day, self.end, timezone)


@dataclass(frozen=True, slots=True)
class NotifySettings:
    """Hold one person's notification settings. Other people never see the addresses.

    Attributes:
        user_id: Their Discord id; *username* is as it was when they set this.
        ways: Personal ways that are used in any case, whatever the ladder's step says.
        wait: How long after the DM these come, unless an acknowledge comes first.
        quiet: When only urgent severities may use them.
        ntfy: A topic, or its whole https address.
        pushover: Their user key.
    """

    user_id: int
    username: str
    ways: tuple[Also, ...] = ()
    wait: timedelta = timedelta()
    quiet: QuietHours | None = None
    ntfy: str | None = field(default=None, repr=False)
    pushover: str | None = field(default=None, repr=False)

    @property
    def is_empty(self) -> bool:
        """Return True if there is nothing to keep."""
        return not (self.ways or self.wait or self.quiet or self.ntfy or self.pushover)


def is_ntfy(text: str) -> bool:
    """Return True if *text* is a topic, or the https address of one."""
    return bool(_TOPIC.fullmatch(text) or _TOPIC_URL.fullmatch(text))


def is_pushover(text: str) -> bool:
    """Return True if *text* looks like a user key of Pushover's."""
    return bool(_PUSHOVER.fullmatch(text))
