"""An incident that users are told of."""

from dataclasses import replace
from typing import Final

from bot.domain.incident.incident import Incident
from cogs.announcements.rules import AnnouncementState
from tests.unit.ui.samples import ACKNOWLEDGED

STATES: Final = {state.value: state for state in AnnouncementState}


def incident(**changed: object) -> Incident:
    """A SEV1 of the API, begun at 14:05 JST."""
    return replace(ACKNOWLEDGED, **changed)  # type: ignore[arg-type]
