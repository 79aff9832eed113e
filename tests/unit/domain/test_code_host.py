"""Names of repositories and blobs."""

import subprocess
from pathlib import Path

import pytest

from bot.domain.code_host import blob_sha, is_repository


@pytest.mark.parametrize("name", ["parky/ops", "a/b", "parky-inc/ops.wiki", "A1/_"])
def test_repositories(name: str) -> None:
    """A repository is named by its owner and its name, with a slash between them."""
    assert is_repository(name)


@pytest.mark.parametrize(
    "name", ["", "parky", "parky/", "/ops", "parky/ops/x", "parky/..", "-a/b", "a b/c", "決済/ops", "a/b?c"]
)
def test_no_repositories(name: str) -> None:
    """A text that is not an owner and a name, or would lead elsewhere in an address, is no repository."""
    assert not is_repository(name)


def test_a_blob_has_the_name_that_git_gives_it(tmp_path: Path) -> None:
    """The hash that the bot gives to a file's bytes is the one that `git hash-object` gives."""
    file = tmp_path / "a.md"
    file.write_bytes("# 決済\r\n\0".encode())
    said = subprocess.run(
        ["git", "hash-object", "--no-filters", str(file)], capture_output=True, text=True, check=True
    )
    assert blob_sha(file.read_bytes()) == said.stdout.strip()
