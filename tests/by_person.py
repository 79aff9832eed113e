"""Read the name, the id or the time of an act on an incident that may not have happened (`ByPerson`)."""

from datetime import datetime

from bot.domain.incident.incident import ByPerson


def name_of(act: ByPerson | None) -> str | None:
    """Return the name of the person who did it; None if it was not done."""
    return None if act is None else act.name


def id_of(act: ByPerson | None) -> int | None:
    """Return the id of the person who did it; None if it was not done."""
    return None if act is None else act.id


def time_of(act: ByPerson | None) -> datetime | None:
    """Return when it was done; None if it was not."""
    return None if act is None else act.at
