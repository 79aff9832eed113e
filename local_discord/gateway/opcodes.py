"""The gateway's numbers. Source: Discord's docs, Topics > Opcodes and Status Codes > Gateway."""

from enum import IntEnum


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11
    REQUEST_SOUNDS = 31
    REQUEST_CHANNEL_INFO = 43


class Close(IntEnum):
    """Gateway close event codes."""

    UNKNOWN_ERROR = 4000
    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    INVALID_SEQ = 4007
    RATE_LIMITED = 4008
    TIMED_OUT = 4009
    INVALID_SHARD = 4010
    SHARDING_REQUIRED = 4011
    INVALID_VERSION = 4012
    INVALID_INTENTS = 4013
    DISALLOWED_INTENTS = 4014


# After these there is nothing left to resume.
ENDS_SESSION = frozenset({Close.AUTHENTICATION_FAILED, Close.INVALID_SEQ, Close.TIMED_OUT})
CLIENT_ENDS = frozenset({1000, 1001})  # Gateway > Initiating a Disconnect: these give the session up


class Closing(Exception):
    """End the connection with *code*."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code
