"""The team's own template of a postmortem, checked when the policy is loaded."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from bot.domain.errors import ConfigError
from bot.domain.postmortem.template import TEMPLATE_LIMIT, VALUES, TeamTemplate

#: Run as a file, with ``-I``: it needs jinja2 and nothing of ours.
WORKER: Final = Path(__file__).with_name("worker.py")

#: What each line about it begins with, as for every key of the policy.
_BEGINS: Final = "postmortem.template: "
_WITHIN_S: Final = 15.0  # it takes a tenth of a second


def team_template(file: str, folder: Path) -> TeamTemplate:
    """Return the template in *file*, a path relative to *folder*, where the policy file is.

    Raises:
        ConfigError: it cannot be read or rendered: a line per problem, with the line of the template.
    """
    try:
        text = (folder / file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise ConfigError(f'{_BEGINS}"{file}" cannot be read: {reason}') from error
    if len(text) > TEMPLATE_LIMIT:
        allowed = f"allowed: at most {TEMPLATE_LIMIT}"
        raise ConfigError(f'{_BEGINS}"{file}" has {len(text)} characters; {allowed}')
    if found := _problems(text):
        raise ConfigError("\n".join(f'{_BEGINS}"{file}", line {line}: {reason}' for line, reason in found))
    return TeamTemplate(file, text)


def _problems(text: str) -> list[tuple[int, str]]:
    asked = json.dumps({"source": text, "context": None, "known": VALUES})
    try:
        done = subprocess.run(  # noqa: S603  # our own program; the template comes by its standard input
            [sys.executable, "-I", str(WORKER)],
            input=asked,
            env={},
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=_WITHIN_S,
        )
    except (subprocess.SubprocessError, OSError):
        return [(1, "takes too long or too much memory to read")]
    return [(line, reason) for line, reason in json.loads(done.stdout)["problems"]]
