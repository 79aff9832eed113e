"""What a policy alone imports."""

import subprocess
import sys

from bot.capability import capability_names, installed

#: What a capability does, and what that takes.
_NOT_OF_A_POLICY = {"asyncpg", "bot.i18n", "bot.services", "bot.storage", "bot.ui", "discord", "structlog"}
_LOADED = "import sys; from bot.runbook import load_policy; load_policy(None).alert_targets"


def test_a_policy_is_loaded_without_what_its_capabilities_do() -> None:
    """Checking a policy file takes under a second: no use case, screen or client is imported for it."""
    code = f"{_LOADED}; print(sorted({_NOT_OF_A_POLICY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_capability_has_the_name_of_its_folder() -> None:
    """The name is what a policy switches off, and what the folder's table is found by."""
    assert tuple(one.name for one in installed()) == capability_names()
