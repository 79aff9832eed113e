"""Morning triages in memory."""

from collections.abc import Sequence
from datetime import date, datetime

from bot.domain.incident.incident import Incident, Status
from bot.domain.morning import Morning, MorningView
from tests.fakes.base import FakePart
from tests.fakes.state import State


class FakeMornings(FakePart):
    """The part of a transaction that is about morning triages."""

    async def due_before(
        self, guild_id: int, *, severities: Sequence[str], before: datetime
    ) -> list[Incident]:
        return [
            one
            for one in self.state.incidents.values()
            if one.guild_id == guild_id
            and one.status is Status.TRIGGERED
            and one.severity in severities
            and one.ack_due_at < before
            and not one.is_drill
        ]

    async def claim_morning(self, morning: Morning) -> bool:
        key = (morning.guild_id, morning.day)
        if key in self.state.mornings:
            return False
        self.state.mornings[key] = morning
        return True

    async def morning(self, guild_id: int, day: date) -> MorningView | None:
        return view_of(self.state, guild_id, day)

    async def save_morning(self, morning: Morning) -> None:
        self.state.mornings[morning.guild_id, morning.day] = morning


class FakeMorningReads:
    """The part of the store that is about morning triages."""

    _state: State

    async def morning_view(self, guild_id: int, day: date) -> MorningView | None:
        self._check()
        return view_of(self._state, guild_id, day)

    async def mornings_with(self, incident: Incident, *, since: date) -> list[Morning]:
        self._check()
        own = [one for one in self._state.mornings.values() if one.guild_id == incident.guild_id]
        found = [one for one in own if incident.id in one.incident_ids and one.day >= since]
        return sorted(found, key=lambda one: one.day)

    def _check(self) -> None:
        raise NotImplementedError


def view_of(state: State, guild_id: int, day: date) -> MorningView | None:
    """One day's gathering with its incidents."""
    morning = state.mornings.get((guild_id, day))
    if morning is None:
        return None
    listed = [one for one in state.incidents.values() if one.id in morning.incident_ids]
    return MorningView(morning, tuple(listed))
