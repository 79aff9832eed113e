"""What marks a drill outside Discord."""

from typing import Final

#: Before the title of a drill's row in the DLQ, which other programs read too.
DLQ_MARK: Final = "[DRILL] "
