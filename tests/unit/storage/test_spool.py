"""The file that replaces the database in an outage: written whole or not at all, for its owner alone."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.outage import Journal
from bot.services.outage.journal import encoded, read
from bot.storage.spool import FileSpool


def test_what_was_saved_is_loaded(tmp_path: Path) -> None:
    """The next process loads what was saved last; each guild has its own file, which others cannot read."""
    spool = FileSpool(tmp_path / "data", 7)
    assert spool.load() is None
    assert not spool.is_there
    spool.save('{"title": "決済"}'.encode())
    spool.save('{"title": "決済 API"}'.encode())
    del spool  # as its process ends
    assert FileSpool(tmp_path / "data", 7).load() == {"title": "決済 API"}
    assert FileSpool(tmp_path / "data", 8).load() is None
    assert all(file.stat().st_mode & 0o077 == 0 for file in (tmp_path / "data").iterdir())


def test_two_at_once_have_one_each(tmp_path: Path) -> None:
    """Two processes have separate files, and the next process finds what is left."""
    first, second = FileSpool(tmp_path, 7), FileSpool(tmp_path, 7)
    first.save(b'{"by": "first"}')
    second.save(b'{"by": "second"}')
    assert (first.load(), second.load()) == ({"by": "first"}, {"by": "second"})
    del second
    assert FileSpool(tmp_path, 7).load() == {"by": "second"}


def test_a_process_without_a_file_learns_the_installation_from_another(tmp_path: Path) -> None:
    """Two processes of one folder send the same nonces, by the same time; deadlines stay their owner's."""
    first = Journal(
        installation_id="x", ahead_s=900.0, taken={"inc:1:step:1": datetime(2026, 12, 1, tzinfo=UTC)}
    )
    owner = FileSpool(tmp_path, 7)
    owner.save(encoded(first))
    assert read(FileSpool(tmp_path, 7)) == Journal(installation_id="x", ahead_s=900.0)
    assert read(owner) == first
    assert read(FileSpool(tmp_path, 8)) is None


def test_a_process_starts_on_the_file_that_was_written_last(tmp_path: Path) -> None:
    """An older file has old deadlines, and nothing that was done in this outage."""
    first, second = FileSpool(tmp_path, 7), FileSpool(tmp_path, 7)
    first.save(b'{"by": 1}')
    second.save(b'{"by": 2}')
    os.utime(tmp_path / "emergency-7.json", (1, 1))
    del first, second
    assert FileSpool(tmp_path, 7).is_there
    assert FileSpool(tmp_path, 7).load() == {"by": 2}


@pytest.mark.parametrize(
    ("text", "error"), [("", "JSONDecodeError"), ("{", "JSONDecodeError"), ("[]", "not an object")]
)
def test_a_broken_file_is_as_none(tmp_path: Path, text: str, error: str) -> None:
    """A broken emergency file is read as if there were none, so that the bot can start, and is logged."""
    spool = FileSpool(tmp_path, 7)
    (tmp_path / "emergency-7.json").write_text(text)
    with capture_logs() as logged:
        assert spool.load() is None
    assert logged == [{"event": "emergency.spool_unreadable", "log_level": "error", "error": error}]


def test_a_crash_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    """A save that breaks off leaves the file of the save before as it was."""
    spool = FileSpool(tmp_path, 7)
    spool.save(b'{"a": 1}')
    with at_most_bytes(9), pytest.raises(OSError, match="File too large"):
        spool.save(b'{"a": 1000000}')
    assert spool.load() == {"a": 1}


@contextmanager
def at_most_bytes(size: int) -> Iterator[None]:
    """No file of this process grows beyond *size*."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
