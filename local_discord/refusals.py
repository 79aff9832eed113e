"""Why a person is refused something: in English for programs, and by a key that the page has words for."""

from enum import StrEnum

from local_discord.world.kinds import JSON


class Why(StrEnum):
    """The keys; the page has a text for each in Japanese and English, with the fields that are named here."""

    MISTAKE = "mistake"  # what no person but a program does
    UNKNOWN = "unknown"  # something of that name, or id, is not there
    FAILED = "failed"  # the local Discord itself
    OTHER = "other"  # code: one of the API's, that nobody comes across at the page
    REQUIRED = "required"  # label
    LENGTH = "length"  # label, least, most, n
    CHOOSE = "choose"  # label
    COUNT = "count"  # label, least, most, n
    NOT_OFFERED = "not_offered"  # label
    WHOLE = "whole"  # label
    NUMBER = "number"  # label
    BETWEEN = "between"  # label, least, most
    DISABLED = "disabled"  # label
    GONE = "gone"
    FORM_CLOSED = "form_closed"
    NO_COMMAND = "no_command"  # name
    NOT_IN_DMS = "not_in_dms"  # name
    NOT_IN_SERVERS = "not_in_servers"  # name
    NO_COMMANDS_HERE = "no_commands_here"
    COMMAND_DENIED = "command_denied"  # name
    FILE_SIZE = "file_size"  # most: megabytes
    NO_VOICE = "no_voice"
    FAULT = "fault"
    BUSY = "busy"  # another press is being carried out


# The API's codes that a person at the page may meet; its texts have them as keys.
SPOKEN = frozenset(
    {10003, 10008, 10014, 20016, 30010, 30015, 40005, 40058, 50001, 50005, 50006, 50007, 50008}
    | {50013, 50024, 50083, 50278, 160002, 160005, 200000}
)


class Refusal(ValueError):
    """Raised when a person's client would not allow an action, or a program's request makes no sense.

    Attributes:
        why: The key of its text on the page.
        fields: The values in that text; ``field`` is the custom id of the form's field at fault.
    """

    def __init__(self, message: str, why: Why = Why.MISTAKE, **fields: object) -> None:
        super().__init__(message)
        self.why = why
        self.fields = fields

    def payload(self) -> JSON:
        """As the human side answers it."""
        return {"error": str(self), "why": self.why, "fields": self.fields}


def why_of(code: int) -> JSON:
    """``why`` and ``fields`` of a refusal by the API's *code*."""
    return (
        {"why": str(code), "fields": {}} if code in SPOKEN else {"why": Why.OTHER, "fields": {"code": code}}
    )
