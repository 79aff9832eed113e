"""The steps between fork and exec of a program whose life ends with its owner's. Run as a script.

A program of its own and not a `preexec_fn`: Python code between fork and exec may deadlock when the
process has threads, and entering a user namespace needs a process with exactly one.

Usage:
    python -I -S _launch.py IDENTITY OWNER_PID PROGRAM [ARGUMENT...]
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

EXIT_NO_IDENTITY = 71
EXIT_NO_OWNER = 72
NOBODY = 65534

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def _enter_user_namespace() -> None:
    """Look like `nobody` to PostgreSQL while the files on disk stay ours: no chown, no new account."""
    uid, gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")  # gid_map is refused without it
    Path("/proc/self/uid_map").write_text(f"{NOBODY} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{NOBODY} {gid} 1", encoding="ascii")


def _die_with(owner: int) -> None:
    """Ask the kernel for a SIGINT (PostgreSQL's fast shutdown) when the thread that started us ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a script's background (`incident-bot demo &`) ignores it
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)  # after setuid, which clears it
    if os.getppid() != owner:  # it died before the request was in place
        sys.exit(EXIT_NO_OWNER)


def main(identity: str, owner: str, *command: str) -> None:
    """Take on *identity*, tie our life to *owner*'s, and become *command*."""
    try:
        if identity == "userns":
            _enter_user_namespace()
        elif identity == "nobody":
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    except OSError:
        sys.exit(EXIT_NO_IDENTITY)
    if sys.platform == "linux":
        _die_with(int(owner))
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
