"""Requests on disk: their order, what several processes share, and what it costs to take them up again."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.storage.request_spool import RequestSpool

_MANY = 1_000


class Numbers(RequestSpool[int]):
    """Keeps numbers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, lambda number: json.dumps(number).encode(), json.loads)


def drain(spool: Numbers) -> list[int]:
    """Take up all that is kept, one by one, as a process does after an outage; return it in its order."""
    found = []
    while kept := spool.oldest(50):
        for one in kept:
            found.append(one.value)
            spool.drop([one.name])
    return found


@contextmanager
def reads_of(folder: Path) -> Iterator[list[object]]:
    """Yield a list that grows whenever this process reads which files are in *folder*."""
    read: list[object] = []
    is_on = True

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if is_on and event == "os.scandir" and str(arguments[0]) == str(folder):
            read.append(arguments)

    sys.addaudithook(hook)  # nothing removes it again
    yield read
    is_on = False


def test_the_cost_of_one_does_not_grow_with_their_number(tmp_path: Path) -> None:
    """The folder is read a few times, however many are taken up."""
    for number in range(_MANY):
        (tmp_path / f"{number:020d}-1.json").write_text(str(number))
    with reads_of(tmp_path) as read:
        spool = Numbers(tmp_path)
        assert spool.count == _MANY
        assert drain(spool) == list(range(_MANY))
        assert spool.count == 0
    assert 0 < len(read) <= 5


def test_what_another_process_keeps_and_takes_up_is_noticed(tmp_path: Path) -> None:
    """Its requests are found once the own ones are taken up, and what it has taken up is not returned."""
    ours, theirs = Numbers(tmp_path), Numbers(tmp_path)
    ours.keep(1)
    theirs.keep(2)
    assert drain(ours) == [1, 2]
    ours.keep(3)
    ours.keep(4)
    assert drain(theirs) == [3, 4]
    assert ours.count == 2
    assert ours.oldest(50) == []
    assert ours.count == 0


def test_those_behind_a_name_are_found_while_none_is_dropped(tmp_path: Path) -> None:
    """Whoever only looks comes to those that were kept since, too."""
    spool = Numbers(tmp_path)
    spool.keep(1)
    [first] = spool.oldest(50)
    assert spool.oldest(50, after=first.name) == []
    spool.keep(2)
    assert [one.value for one in spool.oldest(50, after=first.name)] == [2]
