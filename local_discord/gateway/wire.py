"""Gateway frames and the bytes they become.

Source: Discord's docs, Events > Gateway > Encoding and Compression; Gateway Events > Payload Structure.
"""

import json
import zlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import zstandard

from local_discord.gateway.opcodes import Close, Closing, Op
from local_discord.world.kinds import JSON

MOST_BYTES = 4096  # Gateway > Sending Events
_WORTH_COMPRESSING = 512  # "not all payloads will be compressed": short ones do not get smaller
_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode


@dataclass(slots=True)
class Body:
    """An event's data, written as JSON at most once however many sessions get it."""

    data: object
    _text: str | None = field(default=None, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The data as JSON."""
        if self._text is None:
            self._text = _encode(self.data)
        return self._text


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame from the server; *seq* and *name* belong to dispatches only."""

    op: Op
    body: Body
    seq: int | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        """The frame as it is sent."""
        seq = "null" if self.seq is None else self.seq
        name = "null" if self.name is None else f'"{self.name}"'
        return f'{{"t":{name},"s":{seq},"op":{int(self.op)},"d":{self.body.text}}}'

    def as_json(self) -> JSON:
        """The frame as an object, for the log."""
        return {"op": int(self.op), "d": self.body.data, "s": self.seq, "t": self.name}


class Wire(ABC):
    """Turns one connection's frames into WebSocket messages."""

    @abstractmethod
    def pack(self, text: str) -> str | bytes:
        """*text* as the message to send: str is sent as text, bytes as binary."""


class Plain(Wire):
    """No compression."""

    def pack(self, text: str) -> str:
        """*text* as it is."""
        return text


class ZlibPackets(Wire):
    """Payload compression: each packet that is long enough is a zlib stream of its own."""

    def pack(self, text: str) -> str | bytes:
        """Long texts compressed, short ones as they are."""
        return zlib.compress(text.encode()) if len(text) >= _WORTH_COMPRESSING else text


class ZlibStream(Wire):
    """Transport compression in one zlib context; each message ends with Z_SYNC_FLUSH."""

    def __init__(self) -> None:
        self._context = zlib.compressobj()

    def pack(self, text: str) -> bytes:
        """The next piece of the stream."""
        return self._context.compress(text.encode()) + self._context.flush(zlib.Z_SYNC_FLUSH)


class ZstdStream(Wire):
    """Transport compression in one zstd frame that never ends; each message is flushed as a block."""

    def __init__(self) -> None:
        self._context = zstandard.ZstdCompressor().compressobj()

    def pack(self, text: str) -> bytes:
        """The next piece of the stream."""
        block = self._context.compress(text.encode())
        return block + self._context.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)


def wire_for(compress: str | None) -> Wire:
    """The transport for the URL's ``compress`` parameter; an unknown one compresses nothing."""
    if compress == "zlib-stream":
        return ZlibStream()
    return ZstdStream() if compress == "zstd-stream" else Plain()


def read(raw: str | bytes) -> JSON:
    """A client's frame.

    Raises:
        Closing: 4002 when it is longer than 4,096 bytes or no JSON object.
    """
    size = len(raw.encode()) if isinstance(raw, str) else len(raw)
    if size > MOST_BYTES:
        raise Closing(Close.DECODE_ERROR)
    try:
        frame = json.loads(raw)
    except (ValueError, RecursionError):
        raise Closing(Close.DECODE_ERROR) from None
    if not isinstance(frame, dict):
        raise Closing(Close.DECODE_ERROR)
    return frame


def without_token(frame: JSON) -> JSON:
    """The frame as it may be logged."""
    data = frame.get("d")
    return {**frame, "d": {**data, "token": "***"}} if isinstance(data, dict) and "token" in data else frame
