"""What a program beside the local Discord offers on its page, and the press that it carries out."""

import time
from dataclasses import dataclass, field
from typing import Final

from local_discord.world.kinds import JSON

#: A program that says nothing of a press for so long has left it, real seconds.
_LEFT_S: Final = 30.0


@dataclass(slots=True)
class Press:
    """One press of a control.

    Attributes:
        control: Its id.
        since: The id that everything written later exceeds.
        began_ms, began: When it was pressed, by the local Discord's clock.
        is_taken: The program has begun.
        says: What it says of its progress, by language.
        progress: How much of it is done, from 0 to 1, if the program says so.
        may_stop: The program ends it on the way if a person asks for that.
        is_stopping: A person has asked.
    """

    id: str
    control: str
    user_id: str
    since: int
    began_ms: int
    began: str
    is_taken: bool = False
    says: JSON | None = None
    progress: float | None = None
    may_stop: bool = False
    is_stopping: bool = False
    stirred_s: float = field(default_factory=time.monotonic)

    @property
    def is_left(self) -> bool:
        """Return True if no program says anything of it any more."""
        return time.monotonic() - self.stirred_s > _LEFT_S

    def payload(self) -> JSON:
        """As the program and the page get it."""
        way = {"progress": self.progress, "may_stop": self.may_stop, "is_stopping": self.is_stopping}
        return {"id": self.id, "control": self.control, "user": self.user_id, "says": self.says, **way}


@dataclass(slots=True)
class Offered:
    """The controls on the page.

    Attributes:
        groups: {id, icon, label, controls: [{id, label, detail?, hint?, heading?}]} in order; texts are by
            language.
        running: The press that is being carried out.
        report: What the last one led to.
    """

    groups: list[JSON] = field(default_factory=list)
    running: Press | None = None
    report: JSON | None = None

    @property
    def ids(self) -> set[str]:
        """Return the ids of all controls."""
        return {str(one["id"]) for group in self.groups for one in group["controls"]}

    @property
    def now(self) -> JSON | None:
        """Return the press that is being carried out."""
        return self.running.payload() if self.running and not self.running.is_left else None
