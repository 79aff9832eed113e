"""The file that stands in for the database: whole or not at all, and nobody else's to read."""

from pathlib import Path

import pytest

from bot.storage.spool import FileSpool


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """By the next process, too; each guild has its own."""
    spool = FileSpool(tmp_path / "data", 7)
    assert spool.load() is None
    assert not spool.is_there
    spool.save({"title": "決済"})
    spool.save({"title": "決済 API"})
    del spool  # as its process ends
    assert FileSpool(tmp_path / "data", 7).load() == {"title": "決済 API"}
    assert FileSpool(tmp_path / "data", 8).load() is None
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "data").iterdir())


def test_two_at_once_have_one_each(tmp_path: Path) -> None:
    """Neither overwrites what the other has done; whoever starts next finds what was left."""
    first, second = FileSpool(tmp_path, 7), FileSpool(tmp_path, 7)
    first.save({"by": "first"})
    second.save({"by": "second"})
    assert (first.load(), second.load()) == ({"by": "first"}, {"by": "second"})
    del second
    assert FileSpool(tmp_path, 7).load() == {"by": "second"}


def test_the_living_find_what_the_dead_have_left(tmp_path: Path) -> None:
    """Not their own file, nor that of another who lives; and nobody finds it twice at once."""
    first, second, third = (FileSpool(tmp_path, 7) for _ in range(3))
    for number, spool in enumerate((first, second, third), 1):
        spool.save({"by": number})
    FileSpool(tmp_path, 8).save({"by": "another guild's"})
    del second
    found = first.left_behind()
    assert [spool.load() for spool in found] == [{"by": 2}]
    assert third.left_behind() == []
    found[0].remove()
    del found
    assert third.left_behind() == []
    assert (first.load(), third.load()) == ({"by": 1}, {"by": 3})


def test_whoever_starts_reads_what_is_there_before_a_new_file(tmp_path: Path) -> None:
    """The first file was taken in and removed: the second still says what must be told without a database."""
    first, second = FileSpool(tmp_path, 7), FileSpool(tmp_path, 7)
    first.save({"by": 1})
    second.save({"by": 2})
    first.remove()
    del first, second
    assert FileSpool(tmp_path, 7).is_there
    assert FileSpool(tmp_path, 7).load() == {"by": 2}


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_broken_file_is_as_none(tmp_path: Path, text: str) -> None:
    """Said aloud, and no reason not to start."""
    spool = FileSpool(tmp_path, 7)
    (tmp_path / "emergency-7.json").write_text(text)
    assert spool.load() is None


def test_a_crash_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    """The new file is written beside it first."""
    spool = FileSpool(tmp_path, 7)
    spool.save({"a": 1})
    with pytest.raises(TypeError):
        spool.save({"a": object()})
    assert spool.load() == {"a": 1}
