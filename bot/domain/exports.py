"""What is exported to the code host (postmortems, action items): when to look again, and what goes wrong."""

from datetime import datetime, timedelta
from typing import Final

from bot.domain.code_host import CodeHostProblem
from bot.domain.payloads import Payload

#: The first pause after a failure; each is as long as the trouble has lasted, so that it doubles.
_FIRST_TRY: Final = timedelta(seconds=30)

#: The longest pause.
_LONGEST_TRY: Final = timedelta(hours=1)

#: How long the code host may be away before the thread says so. What it refuses is reported after a minute:
#: it may not know a branch yet that was made a moment ago.
_PATIENCE: Final = timedelta(hours=1)
_PATIENCE_REFUSED: Final = timedelta(minutes=1)

#: After so long without success the bot gives up.
_GIVE_UP: Final = timedelta(days=7)

#: The shortest time between two looks at something that has not changed.
_LOOK_EVERY: Final = timedelta(minutes=1)

#: The code host is away, slow, or asks to wait.
AWAY: Final = "away"


class ExportTrouble(Payload):
    """Why an export has not worked for a while.

    Attributes:
        since: When it failed first.
        problem: A `CodeHostProblem`, or `AWAY`.
        reason: One line without secrets, in the code host's words.
        is_told: People have been told.
    """

    since: datetime
    problem: str
    reason: str = ""
    is_told: bool = False

    @classmethod
    def again(
        cls, before: "ExportTrouble | None", *, problem: str, reason: str, at: datetime
    ) -> "ExportTrouble":
        """Return the trouble after one more failure at *at* (aware)."""
        since, is_told = (at, False) if before is None else (before.since, before.is_told)
        return cls(since=since, problem=problem, reason=reason, is_told=is_told)

    @property
    def is_refused(self) -> bool:
        """Return True if a person has to change something."""
        return self.problem in set(CodeHostProblem)

    def is_due(self, *, at: datetime) -> bool:
        """Return True if people have to be told now, once for each trouble."""
        patience = _PATIENCE_REFUSED if self.is_refused else _PATIENCE
        return not self.is_told and at - self.since >= patience

    def pause(self, *, at: datetime, asked_wait: timedelta = timedelta()) -> timedelta | None:
        """Return the time until the next try; None to give up.

        Args:
            asked_wait: How long the code host asks to wait.
        """
        lasted = at - self.since
        if lasted >= _GIVE_UP:
            return None
        return max(min(max(lasted, _FIRST_TRY), _LONGEST_TRY), asked_wait)


def look_after(quiet: timedelta, *, longest: timedelta) -> timedelta:
    """Return the time until the next look at something that has not changed for *quiet*.

    It is a tenth of that, at least a minute and at most *longest*: what people work on is followed closely.
    """
    return min(max(quiet / 10, _LOOK_EVERY), longest)
