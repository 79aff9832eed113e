"""Errors as Discord words them.

Source: Discord's docs, Topics > Opcodes and Status Codes; Reference > Error Messages.
"""

from typing import Any

from local_discord.world.kinds import JSON

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
    "Voice State": 10065,
    "application command permissions": 10066,
    "Guild Scheduled Event": 10070,
}
_REFUSALS = {
    20001: (403, "Bots cannot use this endpoint"),
    20026: (403, "Your bot has been flagged by our anti-spam system for abusive behavior."),
    40003: (403, "You are opening direct messages too fast"),
    60003: (403, "Two factor is required for this operation"),
    40006: (400, "This feature has been temporarily disabled server-side"),
    40033: (400, "This message has already been crossposted"),
    40058: (400, "Cannot send a message in a forum channel"),
    40061: (400, "Tag names must be unique"),
    40067: (400, "A tag is required to create a forum post in this channel"),
    40009: (400, "Only one channel can have a parent_id modified at a time"),
    40032: (400, "Target user is not connected to voice."),
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
    50041: (400, "Invalid API version provided"),
    50034: (400, "A message provided was too old to bulk delete"),
    50019: (400, "A message can only be pinned to the channel it was sent in"),
    50055: (400, "Invalid Guild"),
    50068: (400, "Invalid message type"),
    50081: (400, "Invalid sticker sent"),
    50083: (400, "Thread is archived"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    160002: (400, "Cannot reply without permission to read message history"),
    160006: (400, "Maximum number of active threads reached"),
    200000: (400, "Message was blocked by automatic moderation"),
    220001: (400, "Webhooks posted to forum channels must have a thread_name or thread_id"),
    220002: (400, "Webhooks posted to forum channels cannot have both a thread_name and thread_id"),
    220003: (400, "Webhooks can only create threads in forum channels"),
    50109: (400, "The request body contains invalid JSON."),
    160004: (400, "A thread has already been created for this message"),
    160005: (400, "Thread is locked"),
    30003: (400, "Maximum number of pins reached for the channel (250)"),
    30005: (400, "Maximum number of guild roles reached (250)"),
    30013: (400, "Maximum number of guild channels reached (500)"),
    30015: (400, "Maximum number of attachments in a message reached (10)"),
    30007: (400, "Maximum number of webhooks reached (15)"),
    30010: (400, "Maximum number of reactions reached (20)"),
    30032: (400, "Maximum number of application commands reached (100)"),
    30038: (400, "Maximum number of uncompleted guild scheduled events reached (100)"),
    180000: (400, "Cannot update a finished event"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
}


# Every code that an answer may carry: 0 is the general error, the last ones come with details of their own.
CODES = frozenset({0, *_UNKNOWN.values(), *_REFUSALS, 20016, 20028, 30046, 40005, 50035})


class ApiError(Exception):
    """An answer other than success: HTTP *status*, Discord's JSON *code* (0 when none) and *message*.

    *scope* is that of a 429: ``user``, or ``shared`` for the limit of a resource. *closes* is set when the
    connection cannot be used after it: what the client meant to be a body was none.
    """

    scope = "user"
    closes = False

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


def shared_limit(code: int, message: str, wait_s: float) -> ApiError:
    """429 for a resource that everybody uses; *code* 0 leaves the code out. *wait_s* in seconds."""
    error = ApiError(429, code, message, retry_after=round(wait_s, 3), **{"global": False})
    error.scope = "shared"
    if not code:
        del error.body["code"]
    return error


def slowed(wait_s: float) -> ApiError:
    """429 with 20016: a person wrote faster than the channel's slowmode lets them. *wait_s* in seconds."""
    text = "This action cannot be performed due to slowmode rate limit"
    return ApiError(429, 20016, text, retry_after=round(wait_s, 3), **{"global": False})


def not_found() -> ApiError:
    """The answer to an unknown route."""
    return ApiError(404, 0, "404: Not Found")


def bad_request() -> ApiError:
    """The answer to a body that cannot be taken apart at all: code 0, the general error."""
    return _closing(ApiError(400, 0, "400: Bad Request"))


def too_slow() -> ApiError:
    """The answer to a body whose rest does not come."""
    return _closing(ApiError(408, 0, "408: Request Timeout"))


def _closing(error: ApiError) -> ApiError:
    error.closes = True
    return error


def too_large() -> ApiError:
    """The answer to a body beyond what the API takes."""
    return ApiError(413, 40005, "Request entity too large")


def wrong_method() -> ApiError:
    """The answer to a method that the route does not have."""
    return ApiError(405, 0, "405: Method Not Allowed")


def unauthorized() -> ApiError:
    """The answer to a missing or wrong token."""
    return ApiError(401, 0, "401: Unauthorized")
