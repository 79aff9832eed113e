"""The writer of animated PNGs; no browser needed."""

import struct
import zlib

import pytest

from tests.browser.pictures.animation import Frame, animated, chunks
from tests.browser.visitor.gallery import square_png


def test_frames_follow_each_other_with_their_times() -> None:
    """One header, the number of frames, and each frame's pixels as they were, numbered in order."""
    pixels = zlib.decompress(dict(chunks(square_png()))[b"IDAT"])
    times = [1.5, 0.25, 2]
    made = list(chunks(animated([Frame(square_png(), seconds) for seconds in times])))
    kinds = [kind for kind, _ in made]
    assert kinds == [b"IHDR", b"acTL", b"fcTL", b"IDAT", b"fcTL", b"fdAT", b"fcTL", b"fdAT", b"IEND"]
    assert struct.unpack(">II", dict(made)[b"acTL"]) == (3, 0)
    controls = [struct.unpack(">IIIIIHHBB", data) for kind, data in made if kind == b"fcTL"]
    assert [(one[1:3], one[5] / one[6]) for one in controls] == [((64, 64), seconds) for seconds in times]
    numbers = [struct.unpack_from(">I", data)[0] for kind, data in made if kind in (b"fcTL", b"fdAT")]
    assert numbers == [0, 1, 2, 3, 4]
    shown = [data[4:] if kind == b"fdAT" else data for kind, data in made if kind in (b"IDAT", b"fdAT")]
    assert [zlib.decompress(one) for one in shown] == [pixels] * 3


def test_frames_of_different_sizes_are_refused() -> None:
    """An animation whose frames differ in size is refused, as a viewer would show nothing."""
    with pytest.raises(ValueError, match="frames of 2 kinds"):
        animated([Frame(square_png(64), 1), Frame(square_png(65), 1)])
