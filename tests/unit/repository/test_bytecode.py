"""The turns of workers that find nothing compiled."""

import threading
from contextlib import suppress
from pathlib import Path
from queue import Queue

from tests.bytecode import first_alone
from tests.patience import PATIENCE_S


def test_the_others_wait_for_the_first(tmp_path: Path) -> None:
    """One of them helps meanwhile; then they go on side by side."""
    begun, together = threading.Event(), threading.Barrier(3)
    helped = Queue[str]()

    def come_through() -> None:
        with first_alone(tmp_path, "compiled", meanwhile=lambda: helped.put("once")):
            begun.set()
            together.wait(PATIENCE_S)

    others = [threading.Thread(target=come_through, daemon=True) for _ in range(2)]
    with first_alone(tmp_path, "compiled", meanwhile=_nothing):
        for other in others:
            other.start()
        assert helped.get(timeout=PATIENCE_S) == "once"
        assert not begun.wait(0.1)
    together.wait(PATIENCE_S)
    for other in others:
        other.join()
    assert helped.empty()


def test_the_next_one_is_the_first_if_the_first_fails(tmp_path: Path) -> None:
    """If the first worker fails, nothing says that all is compiled, and the next worker takes its place."""
    with suppress(RuntimeError), first_alone(tmp_path, "compiled", meanwhile=_nothing):
        raise RuntimeError
    with first_alone(tmp_path, "compiled", meanwhile=_nothing):
        assert not (tmp_path / "compiled").exists()
    assert (tmp_path / "compiled").exists()


def _nothing() -> None:
    """Help with nothing."""
