"""Errors as Discord words them.

Source: Discord's docs, Topics > Opcodes and Status Codes; Reference > Error Messages.
"""

from typing import Any

from bot.sandbox.kinds import JSON

_UNKNOWN = {
    "Application": 10002,
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "permission overwrite": 10009,
    "Role": 10011,
    "User": 10013,
    "Emoji": 10014,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
    "application command permissions": 10066,
}
_REFUSALS = {
    40060: (400, "Interaction has already been acknowledged."),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50016: (400, "Provided too few or too many messages to delete. Must provide at least 2 and at most 100."),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50028: (400, "Invalid role"),
    50033: (400, "Invalid Recipient(s)"),
    50034: (400, "A message provided was too old to bulk delete"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
    30003: (400, "Maximum number of pins reached (50)"),
    30007: (400, "Maximum number of webhooks reached (15)"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30032: (400, "Maximum number of application commands reached (100)"),
}


class ApiError(Exception):
    """An answer other than success: HTTP *status*, Discord's JSON *code* (0 when none) and *message*."""

    def __init__(self, status: int, code: int, message: str, **extra: Any) -> None:  # noqa: ANN401 (JSON values)
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.body: JSON = {"message": message, "code": code, **extra}


def unknown(what: str) -> ApiError:
    """404 with the 100xx code of *what*, a key such as ``"Channel"``."""
    return ApiError(404, _UNKNOWN[what], f"Unknown {what}")


def refused(code: int) -> ApiError:
    """The refusal that Discord documents under *code*, with its own HTTP status."""
    status, message = _REFUSALS[code]
    return ApiError(status, code, message)


def not_found() -> ApiError:
    """The answer to an unknown route."""
    return ApiError(404, 0, "404: Not Found")


def unauthorized() -> ApiError:
    """The answer to a missing or wrong token."""
    return ApiError(401, 0, "401: Unauthorized")
