"""Animated PNGs from the browser's own PNGs: GitHub shows them, and they need no picture library.

Format: https://www.w3.org/TR/png-3/#apng-frame-based-animation. Each frame is a whole picture.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PER_S: Final = 100  # a frame's time is counted in hundredths of a second
_CHUNK: Final = struct.Struct(">I4s")


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of the animation.

    Attributes:
        png: A PNG file; all frames have the same size and kind of pixels.
        seconds: How long it is shown.
    """

    png: bytes
    seconds: float


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the type and the data of each chunk of a PNG file."""
    at = len(_SIGNATURE)
    while at < len(png):
        length, kind = _CHUNK.unpack_from(png, at)
        yield kind, png[at + _CHUNK.size : at + _CHUNK.size + length]
        at += _CHUNK.size + length + 4


def animated(frames: Sequence[Frame]) -> bytes:
    """Return an animated PNG that repeats *frames*; programs without animation show the first one.

    Raises:
        ValueError: The frames differ in size or kind of pixels.
    """
    headers = {_data(frame.png, b"IHDR") for frame in frames}
    if len(headers) != 1:
        raise ValueError(f"frames of {len(headers)} kinds")
    (header,) = headers
    size = struct.unpack_from(">II", header)
    written = [_chunk(b"IHDR", header), _chunk(b"acTL", struct.pack(">II", len(frames), 0))]
    number = 0
    for frame in frames:
        hundredths = round(frame.seconds * _PER_S)
        control = struct.pack(">IIIIIHHBB", number, *size, 0, 0, hundredths, _PER_S, 0, 0)
        pixels = _packed(_data(frame.png, b"IDAT"))
        is_first = number == 0
        data = pixels if is_first else struct.pack(">I", number + 1) + pixels
        written += [_chunk(b"fcTL", control), _chunk(b"IDAT" if is_first else b"fdAT", data)]
        number += 1 if is_first else 2
    return _SIGNATURE + b"".join(written) + _chunk(b"IEND", b"")


def _data(png: bytes, wanted: bytes) -> bytes:
    return b"".join(data for kind, data in chunks(png) if kind == wanted)


def _packed(pixels: bytes) -> bytes:
    """The same pixels in fewer bytes: a browser is in a hurry when it packs them."""
    return zlib.compress(zlib.decompress(pixels))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return _CHUNK.pack(len(data), kind) + data + struct.pack(">I", zlib.crc32(kind + data))
