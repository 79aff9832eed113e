"""The complete table of changes; import it from here."""

from tests.faults import changes_of_actions, changes_of_incidents, changes_of_others
from tests.faults.changes import CHANGES, LEFT, READS, SHARED

__all__ = [
    "CHANGES",
    "LEFT",
    "READS",
    "SHARED",
    "changes_of_actions",
    "changes_of_incidents",
    "changes_of_others",
]
