"""The running process, as far as it needs nothing that runs."""

import gc

from bot.process.running import freeze_startup_objects


def test_what_is_there_at_the_start_is_not_collected_again_and_again() -> None:
    """Objects of the start are frozen, so that garbage collection does not delay answers."""
    kept, frozen = [[number] for number in range(1000)], gc.get_freeze_count()
    freeze_startup_objects()
    assert gc.get_freeze_count() - frozen > len(kept)
    assert len(gc.get_objects(generation=2)) < len(kept)
