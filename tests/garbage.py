"""Keep what lives as long as the run out of the garbage collector's way: a tenth of a short test's time."""

import gc


def hold_off() -> None:
    """Collect nothing until the tests are known: none of what is imported and collected becomes garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look from now on only at what the tests themselves make."""
    gc.freeze()
    gc.enable()
