"""A gateway that is away is said, once it has been for a while, and so is its return."""

from dataclasses import dataclass
from typing import cast

from structlog.testing import capture_logs

from bot.process.gateway_watch import AwayWatch
from bot.process.keeper import ShardKeeper
from bot.ui.discord_api.circuit import Circuit


@dataclass(slots=True)
class FakeKeeper:
    """As much of a keeper as the watch asks."""

    is_connected: bool = True


async def looks(states: list[bool], *, patience_s: float, circuit: Circuit | None = None) -> list[str]:
    """What is logged while the gateway is in these states, one after the other."""
    keeper = FakeKeeper()
    watch = AwayWatch(cast("ShardKeeper", keeper), circuit or Circuit(), patience_s=patience_s)
    with capture_logs() as logged:
        for keeper.is_connected in states:
            await watch.look()
    return [entry["event"] for entry in logged]


async def test_away_and_back() -> None:
    """Both are said."""
    assert await looks([True, False, True, True], patience_s=0.0) == ["gateway.away", "gateway.back"]


async def test_short_reconnect_is_nobodys_business() -> None:
    """Discord asks to reconnect every few hours."""
    assert await looks([True, False, False, True], patience_s=60.0) == []


async def test_silence_is_evidence_against_rest_too() -> None:
    """While the gateway is away fewer failures of REST are an outage."""
    circuit = Circuit()
    await looks([True, False], patience_s=0.0, circuit=circuit)
    assert circuit.silence
    await looks([True], patience_s=0.0, circuit=circuit)
    assert not circuit.silence
