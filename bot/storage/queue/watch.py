"""The state of the job queue: the process's runner reports it, and code that must not wait for it asks."""

import time
from typing import Final

#: How long the queue may take to answer, seconds.
SILENT_S: Final = 1.0

#: A failed job is tried again within two seconds: it fails again, or another process has it by then, seconds.
_RECENT_S: Final = 3.0

#: For how long a decision shows that others come in their turn, seconds.
_BUSY_S: Final = 2.0


class QueueWatch:
    """The queue of this process: a database that can be written may still refuse it its connections."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._decided_at = float("-inf")
        self._failing_since: float | None = None
        self._failed_at = float("-inf")

    def asked(self) -> None:
        """Note that the queue is asked for work, or for a sign that it works."""
        if self._asked_at is None:
            self._asked_at = time.monotonic()

    def answered(self) -> None:
        """Note that the queue has answered, or is not asked any more."""
        self._asked_at = None

    def decided(self) -> None:
        """Note that ladder steps are being decided just now, or have been."""
        self._decided_at = time.monotonic()

    def done(self) -> None:
        """Note that a job that sets or announces a deadline has succeeded."""
        self._failing_since = None

    def failed(self) -> None:
        """Note that such a job has failed because of the database."""
        self._failed_at = time.monotonic()
        if self._failing_since is None:
            self._failing_since = self._failed_at

    @property
    def is_stuck(self) -> bool:
        """Return True if due work must not wait for the queue: it does not answer, or no job succeeds."""
        return self.is_silent or self._is_failing

    @property
    def _is_failing(self) -> bool:
        now = time.monotonic()
        is_recent = now - self._failed_at < _RECENT_S
        return is_recent and self._failing_since is not None and now - self._failing_since > SILENT_S

    @property
    def is_silent(self) -> bool:
        """Return True if the queue was asked and has not answered for `SILENT_S`.

        While all workers are busy it is not asked: that is no silence.
        """
        return self._asked_at is not None and time.monotonic() - self._asked_at > SILENT_S

    @property
    def is_deciding(self) -> bool:
        """Return True if steps are being decided: of thousands that are due at once, some come later."""
        return time.monotonic() - self._decided_at < _BUSY_S
