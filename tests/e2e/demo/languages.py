"""The languages in which the demo's story is played."""

import re
from typing import Final

import pytest

JAPANESE: Final = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def played_in(language: str, *, nightly: str) -> pytest.MarkDecorator:
    """Play a test in *language*, and in the other one in the slow half of the run."""
    languages = [language, pytest.param(nightly, marks=pytest.mark.slow)]
    return pytest.mark.parametrize("demo", languages, indirect=True)
