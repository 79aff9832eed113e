"""The complete table of changes; import it from here."""

from tests.faults.changes import actions as changes_of_actions
from tests.faults.changes import incidents as changes_of_incidents
from tests.faults.changes import others as changes_of_others
from tests.faults.changes.catalogue import CHANGES, LEFT, READS, SHARED, is_there

__all__ = [
    "CHANGES",
    "LEFT",
    "READS",
    "SHARED",
    "changes_of_actions",
    "changes_of_incidents",
    "changes_of_others",
    "is_there",
]
