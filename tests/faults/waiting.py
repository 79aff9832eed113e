"""Rows whose feature is not there yet: expected to fail, and red as soon as they no longer do."""

from typing import Final

#: Row -> what it waits for. Take an entry out with the change that makes its row hold.
WAITING: Final[dict[int, str]] = {
    13: "the emergency path for a P0 without a database",
}
