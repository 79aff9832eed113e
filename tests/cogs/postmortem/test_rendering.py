"""A team's template in its process: what serves, and what a hostile one gets."""

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import pytest

from cogs.postmortem.policy import WORKER
from cogs.postmortem.writing import TemplateRefused, WorkerTemplates
from tests.patience import PATIENCE_S

VALUES = {"title": "決済 API が 5xx", "timeline": [{"at": "14:05"}, {"at": "14:07"}]}


async def test_a_template_makes_a_text() -> None:
    """The worker renders a template with JSON values into a text."""
    source = "# {{ title }}\n{% for each in timeline %}\n- {{ each.at }}\n{% endfor %}\n"
    made = await WorkerTemplates().render(source, VALUES)
    assert made == "# 決済 API が 5xx\n- 14:05\n- 14:07\n"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{% for i in range(10**9) %}x{% endfor %}", "Range too big"),
        ("{{ ''.__class__.__mro__ }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ ''|attr('__class__') }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ title.format.__globals__ }}", "access to attribute '__globals__'"),
        ("{{ '{0.__class__}'.format(title) }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ timeline.append(1) }}", "not safely callable|unsafe"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "calls itself without end"),
        ("{{ 'a' * 10**10 }}", "takes too much memory"),
        ("{{ timeline }}", "a list cannot be printed"),
        ("{{ timeline|map('upper') }}", "a generator cannot be printed"),
        ("{{ titel }}", "'titel' is undefined"),
        ("{{ timeline[0].who }}", "has no attribute 'who'"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% if %}", "Expected an expression"),
        ("{{ title|random }}", "No filter named 'random'"),
    ],
)
async def test_a_hostile_template_is_refused_with_its_line(line: str, reason: str) -> None:
    """The third line is to blame."""
    with pytest.raises(TemplateRefused, match=reason) as refused:
        await WorkerTemplates().render(f"{{{{ title }}}}\n\n{line}\n", VALUES)
    assert refused.value.line == 3


async def test_a_text_without_end_is_cut_off() -> None:
    """A template that makes more than 1024 KiB of text is refused."""
    source = "{% for i in range(99999) %}" + "x" * 100 + "{% endfor %}"
    with pytest.raises(TemplateRefused, match="makes more than 1024 KiB"):
        await WorkerTemplates().render(source, VALUES)


async def test_a_loop_without_end_ends_with_its_line() -> None:
    """A template that takes more than three seconds is refused with the number of its line."""
    source = "a\n{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    rendering = asyncio.create_task(WorkerTemplates().render(source, VALUES))
    await asyncio.sleep(0)
    assert not rendering.done()
    with pytest.raises(TemplateRefused, match="takes more than 3 s") as refused:
        await rendering
    assert refused.value.line == 2


async def test_a_computation_that_heeds_no_signal_is_killed() -> None:
    """No line can be named then; no process is left behind."""
    source = "{{ 7 ** (9 ** 9) }}"
    with pytest.raises(TemplateRefused, match="takes") as refused:
        await WorkerTemplates(deadline_s=1.0).render(source, VALUES)
    assert refused.value.line is None
    assert not _children()


async def test_a_template_sees_nothing_of_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template that names environ, config, self or request is refused.

    The process that renders it has an empty environment.
    """
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    for name in ("environ", "config", "self", "request"):
        with pytest.raises(TemplateRefused):
            await WorkerTemplates().render(f"{{{{ {name} }}}}", {})
    rendering = asyncio.create_task(WorkerTemplates().render("{{ 7 ** (9 ** 9) }}", {}))
    async with asyncio.timeout(PATIENCE_S):
        while not (sizes := _environment_sizes()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    rendering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await rendering
    assert sizes == [0]


def test_the_worker_needs_nothing_of_ours() -> None:
    """The worker imports nothing of the bot, so it starts fast and knows no secret."""
    imported = [line for line in WORKER.read_text().splitlines() if line.startswith(("import", "from"))]
    assert not [line for line in imported if " bot" in line]


def _environment_sizes() -> list[int]:
    """The bytes in the environment of each template process of this one."""
    return [len(Path("/proc", child, "environ").read_bytes()) for child in _children()]


def _children() -> list[str]:
    """The template processes of this one that run."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ends at this moment
            parent = (entry / "stat").read_text().rpartition(")")[2].split()[1]
            if (
                int(parent) == os.getpid()
                and b"postmortem/template_worker" in (entry / "cmdline").read_bytes()
            ):
                found.append(entry.name)
    return found
