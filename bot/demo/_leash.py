"""Become another program whose life ends with its owner's. Run as a script.

A program of its own and not a `preexec_fn`: Python code between fork and exec may deadlock when the
process has threads.

Usage:
    python -I -S _leash.py OWNER_PID PROGRAM [ARGUMENT...]
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(owner: str, *command: str) -> None:
    """Ask the kernel (Linux's) for a SIGTERM when *owner* is gone, then become *command*."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != int(owner):  # it died before the request was in place
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 -- no shell is wanted


if __name__ == "__main__":
    main(*sys.argv[1:])
