"""What changed in the systems of a team: deployments and merges, as other systems tell of them."""

from datetime import datetime
from enum import StrEnum

from bot.domain.payloads import Payload


class ChangeKind(StrEnum):
    """The kind of a change."""

    DEPLOYMENT = "deployment"
    MERGE = "merge"  # of a pull request, into the branch that is deployed


class RecentChange(Payload):
    """A change of what runs, or of what is deployed next.

    Attributes:
        what: A pull request with its title, or what was deployed.
        at: When it was deployed or merged, aware.
        where: The environment, the worker or the project; empty if not known.
        who: Their name at the source; empty if not known.
        state: How a deployment ended, in the source's own word ("success"); empty if not known.
        url: Where to read more; empty if there is no such place.
        key: See `change_key`; empty if the source gives it no name. On a card it is empty.
    """

    kind: ChangeKind
    what: str
    at: datetime
    where: str = ""
    who: str = ""
    state: str = ""
    url: str = ""
    key: str = ""


def change_key(system: str, *parts: object) -> str:
    """Return the key of a change: two with the same one are the same change, whichever way it came.

    Args:
        system: "github", or the name of a source of hooks.
        parts: What the system calls it.
    """
    return ":".join([system, *map(str, parts)]).lower()
