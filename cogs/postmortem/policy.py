"""``[postmortem]``: where postmortems go, by when, how they name people; and the team's own template."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

from bot.capability import PolicyFiles, PolicyPart
from bot.domain.errors import ConfigError
from bot.domain.severity import SeverityPolicy
from bot.runbook.fields import moments, values
from bot.runbook.fields.rules import CapabilityTable, Rule
from bot.runbook.model import Policy
from cogs.postmortem.rules import TEMPLATE_LIMIT, VALUES, Naming, PostmortemRules, TeamTemplate

#: Run as a file, with ``-I``: it needs jinja2 and nothing of ours.
WORKER: Final = Path(__file__).with_name("template_worker.py")

#: What each line about it begins with, as for every key of the policy.
_BEGINS: Final = "postmortem.template: "
_WITHIN_S: Final = 15.0  # it takes a tenth of a second


def _path(value: object) -> str:
    path = values.string(value)
    if sorted(re.findall(r"{[^}]*}|[{}]", path)) != ["{date}", "{title}"]:
        raise ValueError(path)
    if not path.isprintable() or "\\" in path or {"", ".", ".."} & set(path.split("/")):
        raise ValueError(path)  # it must not lead out of the repository
    return path


_ALLOWED: Final = 'a path in the repository with {date} and {title} ("docs/postmortems/{date}-{title}.md")'
_Path = Annotated[str, Rule("a path", _ALLOWED, _path)]
_File = Annotated[
    str | None,
    values.or_none(
        values.string_up_to(200, "a file", "our-postmortem.md"), " for the one that comes with the bot"
    ),
]


class PostmortemTable(CapabilityTable):
    """``[postmortem]``."""

    path: _Path = "docs/ops/postmortems/{date}-{title}.md"
    due: moments.BusinessDays = 5
    names: Annotated[Naming, values.choice(Naming, "a way to name people")] = Naming.NAMES
    template: _File = None

    def rules(self, severities: Mapping[str, SeverityPolicy]) -> PostmortemRules:  # noqa: ARG002
        """Return the rules; the template's file is not read yet."""
        return PostmortemRules(self.path, self.due, self.names, self.template)


def files_named(policy: Policy) -> Iterable[str]:
    """Return the file of the team's template, if it has one."""
    file = policy.of(PostmortemRules).file
    return [] if file is None else [file]


def read_files(policy: Policy, folder: Path) -> Policy:
    """Return *policy* with the team's template, whose path is relative to *folder*. Raises ConfigError."""
    rules = policy.of(PostmortemRules)
    if rules.file is None:
        return policy
    return policy.with_rules(replace(rules, template=team_template(rules.file, folder)))


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


POLICY = PolicyPart(table=PostmortemTable, files=PolicyFiles(files_named, read_files))
