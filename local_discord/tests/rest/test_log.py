"""The record of the local Discord: whole, in order, and light."""

import gc

import pytest

from local_discord import log as module
from local_discord.log import Log
from local_discord.world.clock import Clock


def _filled(count: int) -> Log:
    log = Log(Clock())
    for number in range(count):
        log.add("gateway", {"frame": {"d": {"number": number, "words": ["é", "\ud800"]}}})
    return log


@pytest.mark.parametrize("since", [0, 1, 499, 500, 501, 1_498, 1_499, 1_500, 9_999])
def test_what_is_kept_is_found_from_any_number(since: int) -> None:
    """The record finds all entries from any number on, whether that entry is among the latest or older."""
    found = _filled(1_500).since(since)
    assert [entry["seq"] for entry in found] == list(range(since, 1_500))
    assert all(entry["frame"]["d"] == {"number": entry["seq"], "words": ["é", "\ud800"]} for entry in found)


def test_past_the_limit_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log over its limit loses its oldest entries, and the numbers of the entries go on."""
    monkeypatch.setattr(module, "_MOST_ENTRIES", 1_200)
    log = _filled(1_500)
    assert [entry["seq"] for entry in log.since(0)] == list(range(300, 1_500))
    assert log.next == 1_500


def test_a_long_record_is_nothing_to_look_through_for_garbage() -> None:
    """Objects of the latest entries only: or a collection would stop the local Discord for seconds."""
    gc.collect()
    before = len(gc.get_objects())
    log = _filled(20_000)
    gc.collect()
    assert len(gc.get_objects()) - before < 10_000, log.next
