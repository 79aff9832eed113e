"""The lock of tests that measure seconds."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.quiet import held


def test_others_share_the_machine(tmp_path: Path) -> None:
    """Two tests run at once."""
    with held(tmp_path, alone=False), held(tmp_path, alone=False):
        pass


def test_a_quiet_test_waits_for_the_others(tmp_path: Path) -> None:
    """It begins when they have ended."""
    with held(tmp_path, alone=False):
        begun, end = _in_another_worker(tmp_path, alone=True)
        assert not begun(0.1)
    assert begun(5.0)
    end()


def test_the_others_wait_for_a_quiet_test(tmp_path: Path) -> None:
    """Also while it waits itself: it is not overtaken."""
    with held(tmp_path, alone=False):
        quiet_begun, end_quiet = _in_another_worker(tmp_path, alone=True)
        assert not quiet_begun(0.1)
        begun, end = _in_another_worker(tmp_path, alone=False)
        assert not begun(0.1)
    assert quiet_begun(5.0)
    assert not begun(0.1)
    end_quiet()
    assert begun(5.0)
    end()


def _in_another_worker(folder: Path, *, alone: bool) -> tuple[Callable[[float], bool], Callable[[], None]]:
    """Run a test there; whether it begins within so many seconds, and how to end it."""
    begun, ends = threading.Event(), threading.Event()

    def run() -> None:
        with held(folder, alone=alone):
            begun.set()
            ends.wait(30)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()

    def end() -> None:
        ends.set()
        worker.join()

    return begun.wait, end
