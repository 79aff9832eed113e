"""The lock of tests that measure seconds."""

import threading
from collections.abc import Callable
from pathlib import Path

from tests.quiet import Company, held


def test_others_share_the_machine(tmp_path: Path) -> None:
    """Two ordinary tests may run at the same time."""
    with held(tmp_path, Company.ANY), held(tmp_path, Company.ANY):
        pass


def test_a_quiet_test_waits_for_the_others(tmp_path: Path) -> None:
    """A test that must run alone begins only when the ordinary tests have ended."""
    with held(tmp_path, Company.ANY):
        begun, end = _in_another_worker(tmp_path, Company.NONE)
        assert not begun(0.1)
    assert begun(5.0)
    end()


def test_the_others_wait_for_a_quiet_test(tmp_path: Path) -> None:
    """An ordinary test waits while a test that must be alone runs, but not while that test itself waits."""
    with held(tmp_path, Company.ANY):
        quiet_begun, end_quiet = _in_another_worker(tmp_path, Company.NONE)
        assert not quiet_begun(0.1)
        overtaking_begun, end_overtaking = _in_another_worker(tmp_path, Company.ANY)
        assert overtaking_begun(5.0)
        end_overtaking()
    assert quiet_begun(5.0)
    begun, end = _in_another_worker(tmp_path, Company.ANY)
    assert not begun(0.1)
    end_quiet()
    assert begun(5.0)
    end()


def test_three_quiet_tests_share_the_machine(tmp_path: Path) -> None:
    """A fourth one and an ordinary one wait, and one that is to be alone waits for all of them."""
    with held(tmp_path, Company.QUIET):
        second_begun, end_second = _in_another_worker(tmp_path, Company.QUIET)
        assert second_begun(5.0)
        third_begun, end_third = _in_another_worker(tmp_path, Company.QUIET)
        assert third_begun(5.0)
        waiting = {each: _in_another_worker(tmp_path, each) for each in Company}
        assert not any(begun(0.1) for begun, _ in waiting.values())
        end_third()
        fourth_begun, end_fourth = waiting[Company.QUIET]
        assert fourth_begun(5.0)
        end_second()
        assert not waiting[Company.ANY][0](0.1)
        assert not waiting[Company.NONE][0](0.1)
        end_fourth()
    for each in (Company.ANY, Company.NONE):
        waiting[each][1]()
        assert waiting[each][0](5.0)


def _in_another_worker(folder: Path, company: Company) -> tuple[Callable[[float], bool], Callable[[], None]]:
    """Run a test there; whether it begins within so many seconds, and how to end it."""
    begun, ends = threading.Event(), threading.Event()

    def run() -> None:
        with held(folder, company):
            begun.set()
            ends.wait(30)

    worker = threading.Thread(target=run, daemon=True)
    worker.start()

    def end() -> None:
        ends.set()
        worker.join()

    return begun.wait, end
