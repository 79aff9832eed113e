"""What the running bot keeps in memory of the packages that it is made of."""

import gc
import subprocess
import sys

from bot.lean_imports import uncollected

#: Each takes megabytes, or a part of a start: for another command, another process, or what is not set up.
UNUSED = {
    "aiohttp.web",
    "aiosmtplib",
    "dbmate",
    "fastapi",
    "holidays",
    "fontTools",
    "greenlet",
    "httpx",
    "icalendar",
    "jinja2",
    "matplotlib",
    "numpy",
    "PIL",
    "prometheus_client",
    "psycopg",
    "pygments",
    "recurring_ical_events",
    "rich",
    "starlette",
    "uvicorn",
}
_AS_RUN_DOES = "import sys, bot.cli.setup, bot.app, bot.capability as frame; frame.installed()"


def test_what_a_start_does_not_import() -> None:
    """A start imports none of the big packages that would delay it and each takeover."""
    code = f"{_AS_RUN_DOES}; print(sorted({UNUSED!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_whoever_needs_it_imports_it_afterwards() -> None:
    """Packages that a start does not import can be imported after the bot's own modules."""
    code = f"{_AS_RUN_DOES}; import rich.console, aiosmtplib"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_collector_rests_for_the_imports_only() -> None:
    """The garbage collector is off within `uncollected()` and on again afterwards."""
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled()
