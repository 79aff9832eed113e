"""As whom PostgreSQL runs: it refuses root, and initdb refuses a user without an entry in the passwd file."""

import contextlib
import os
import stat
import sys
from enum import StrEnum
from pathlib import Path

from bot.storage.embedded._errors import EmbeddedPostgresError
from bot.storage.embedded._launch import NOBODY

if sys.platform != "win32":
    import pwd


class Identity(StrEnum):
    """How a PostgreSQL program gets a user that it accepts."""

    PLAIN = "plain"
    """As we are."""
    USERNS = "userns"
    """`nobody` inside a user namespace, ourselves outside: works for root and for unknown user ids."""
    NOBODY = "nobody"
    """Really `nobody`: root where user namespaces are forbidden. The folders are handed over."""

    @staticmethod
    def needs_change() -> bool:
        """Return True if PostgreSQL would refuse to run as the current user."""
        if os.geteuid() != 0:
            with contextlib.suppress(KeyError):
                pwd.getpwuid(os.geteuid())
                return False
        return True


def reachable_by_nobody(folder: Path) -> bool:
    """Return True if all users may enter every folder down to *folder*."""
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def hand_over(folder: Path, identity: Identity) -> None:
    """Make *folder* belong to whom *identity* is on disk, when we are root and it belongs to someone else.

    Raises:
        EmbeddedPostgresError: `nobody` cannot reach it.
    """
    if os.geteuid() != 0:
        return
    if identity is Identity.NOBODY and not reachable_by_nobody(folder.parent):
        raise EmbeddedPostgresError(
            f"PostgreSQL does not run as root, and the user nobody cannot reach {folder}; "
            "run as another user, choose another folder, or set DATABASE_URL"
        )
    owner = NOBODY if identity is Identity.NOBODY else 0
    if folder.stat().st_uid == owner:
        return
    data = folder / "data"
    for path in (folder, *([data, *data.rglob("*")] if data.exists() else [])):
        os.chown(path, owner, owner, follow_symlinks=False)


def check_private(folder: Path) -> None:
    """Refuse a folder that another user prepared for us, as anyone can in a temporary folder.

    Raises:
        EmbeddedPostgresError: It is a link, belongs to another user, or is open to others.
    """
    found = folder.lstat()
    owners = {0, NOBODY} if os.geteuid() == 0 else {os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners or found.st_mode & 0o077:
        raise EmbeddedPostgresError(f"{folder} is not a private folder of this user; remove it")
