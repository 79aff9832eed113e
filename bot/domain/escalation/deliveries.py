"""What pages, escalations and bundles carry besides their incidents."""

from datetime import datetime

from bot.domain.escalation.ladder import Why
from bot.domain.oncall.duty import Duty
from bot.domain.paging.ways import Way
from bot.domain.payloads import UNSET, Payload, Unset


class NextStep(Payload):
    """The ladder's next step, unless someone answers before it.

    Attributes:
        dm: The on-call places that it pages.
        mention: As `Mention` has it.
        also: The ways beside Discord that it names, as `Also` has them.
    """

    dm: tuple[str, ...]
    mention: str
    due_at: datetime
    also: tuple[str, ...] = ()


class PagingData(Payload):
    """A page or an escalation. One that belongs to no step of the ladder has only some of this.

    Attributes:
        waited_s: Seconds since the incident was triggered.
        step: The number of the step.
        severity: The one whose ladder queued it; another severity has its own deadline.
        told: Person -> how many DMs have reached them.
        unreached: People whom no DM has reached.
        dm: People whom the step pages.
        mention: As `Mention` has it.
        next: The next step; None: this is the last one.
        overdue: When earlier steps were due that this one covers.
        why: Why it comes before its time.
        declined_by: The name of the person who cannot respond, in the DM to the next one.
        emails: An email goes out with it.
        way: Of a page outside Discord.
        instead: The ways that have failed, for the same person, before this one.
        duty: What put the person on call whom this page was queued for.
    """

    waited_s: float
    step: int | None = None
    severity: str | None = None
    told: dict[str, int] | None = None
    unreached: tuple[str, ...] | None = None
    dm: tuple[str, ...] | None = None
    mention: str | None = None
    next: NextStep | Unset | None = UNSET
    overdue: tuple[datetime, ...] = ()
    why: Why | None = None
    declined_by: str | None = None
    emails: bool = False
    duty: Duty | None = None
    way: Way | None = None
    instead: tuple[Way, ...] = ()


class BundleData(Payload):
    """A bundle: one message in the place of many. The next delivery finds it by the same data.

    Attributes:
        of: The kind of the deliveries that it replaces.
        mention: As `Mention` has it.
    """

    of: str
    severity: str
    mention: str
