"""The state of every probe, for people."""

from dataclasses import dataclass

from bot.domain.people import Person
from bot.domain.probes.rules import PROBER, ProbeRules
from bot.domain.probes.state import ProbeState, ProbeStatus
from bot.runbook.model import Policy
from bot.services.ports import Store
from bot.services.ports.store.alerts.probes import ProbeCounts
from bot.services.shared.access import Access, Act


@dataclass(frozen=True, slots=True)
class ProbeShown:
    """One probe.

    Attributes:
        status: None before its first turn.
        counts: Of the last 24 hours.
    """

    rules: ProbeRules
    status: ProbeStatus | None
    counts: ProbeCounts

    @property
    def state(self) -> ProbeState:
        """Return the probe's state."""
        return ProbeState.NEW if self.status is None else self.status.state


@dataclass(frozen=True, slots=True)
class ProbesShown:
    """All probes of a guild, the worst first.

    Attributes:
        is_cut_off: The prober itself reaches nothing.
    """

    probes: tuple[ProbeShown, ...] = ()
    is_cut_off: bool = False


_ORDER = (ProbeState.DOWN, ProbeState.CUT_OFF, ProbeState.DEGRADED, ProbeState.NEW, ProbeState.UP)


class ProbeQueries:
    """Reads the probes of one guild."""

    def __init__(self, store: Store, policy: Policy, access: Access) -> None:
        self._store = store
        self._policy = policy
        self._access = access

    async def show(self, guild_id: int, *, by: Person) -> ProbesShown:
        """Return every probe of the policy to a person.

        Raises:
            NotPermitted: *by* may not look at the systems.
        """
        act = Act.CHECK_SYSTEMS
        await self._access.require(by, act.permission, guild_id=guild_id, act=act)
        return await self.states(guild_id)

    async def states(self, guild_id: int) -> ProbesShown:
        """Return every probe of the policy."""
        if not self._policy.probes:
            return ProbesShown()
        known = {one.name: one for one in await self._store.probes(guild_id)}
        counts = await self._store.probe_counts(guild_id)
        found = [
            ProbeShown(rules, known.get(name), counts.get(name, ProbeCounts()))
            for name, rules in self._policy.probes.items()
        ]
        prober = known.get(PROBER)
        return ProbesShown(
            tuple(sorted(found, key=lambda one: _ORDER.index(one.state))),
            is_cut_off=prober is not None and prober.state is ProbeState.CUT_OFF,
        )
