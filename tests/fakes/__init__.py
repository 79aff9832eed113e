"""The adapters in memory, hand-written: the same promises as PostgreSQL's, held by `tests/contract`."""

from tests.fakes.clock import FakeClock
from tests.fakes.dlq import FakeDlqStore
from tests.fakes.leases import FakeLeases
from tests.fakes.state import AuditRow, QueuedJob
from tests.fakes.store import FakeStore
from tests.fakes.transaction import FakeTransaction

__all__ = [
    "AuditRow",
    "FakeClock",
    "FakeDlqStore",
    "FakeLeases",
    "FakeStore",
    "FakeTransaction",
    "QueuedJob",
]
