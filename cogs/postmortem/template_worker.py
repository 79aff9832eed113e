"""A team's template in a process of its own: `python -I worker.py`, JSON in and out.

A template is a program that the team wrote. It may never end, take all the memory, or read what is no
business of a document. So it runs in jinja2's sandbox, without a loader, on values that came as JSON; the
process limits its own time and memory, and its parent gives it seconds. What a template prints is a string
or a number: everything else would print an address of memory, and the same facts other bytes.
"""

import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Final

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, Undefined, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

#: Wall clock for the template, and processor time for the whole process; a usual document takes 20 ms.
_TEMPLATE_S: Final = 3.0
_PROCESSOR_S: Final = 8
_BYTES: Final = 512 * 1024 * 1024
#: Bytes of a document, of UTF-8.
_OUTPUT_BYTES: Final = 1024 * 1024
_REASON: Final = 200  # characters

_PRINTABLE: Final = (str, int, float, Undefined, type(None))
_RANDOM: Final = ("random", "lipsum")
#: The statements that would load another file.
_FILES: Final = (nodes.Include, nodes.Extends, nodes.Import, nodes.FromImport)


class OutOfTimeError(BaseException):
    """The template has taken too long. No `except Exception` inside of jinja2 may swallow that."""


class TemplateBreach(Exception):
    """The template did what it must not, in the words of this program."""


#: The reasons that are reported for a template that exceeds a limit.
_BOUNDS: Final[Mapping[type[BaseException], str]] = {
    OutOfTimeError: f"takes more than {_TEMPLATE_S:g} s",
    MemoryError: "takes too much memory",
    RecursionError: "calls itself without end",
}


def main() -> int:
    """Check or render the template that comes in; answer with its problems, or with its text."""
    with suppress(ImportError, ValueError, OSError):  # not every system has limits
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_S, _PROCESSOR_S))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.setitimer(signal.ITIMER_REAL, _TEMPLATE_S)
    request = json.load(sys.stdin)
    sandbox = environment()
    answer: dict[str, object]
    try:
        if request["context"] is None:
            answer = {"problems": list(problems(sandbox, request["source"], known=request["known"]))}
        else:
            answer = rendered(sandbox, request["source"], request["context"])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    json.dump(answer, sys.stdout)
    return 0


def problems(
    sandbox: ImmutableSandboxedEnvironment, source: str, *, known: Sequence[str]
) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with a template before it is ever rendered: the line, and why.

    Args:
        known: The names of the values that it will be given.
    """
    try:
        parsed = sandbox.parse(source)
        sandbox.compile(source)
    except TemplateSyntaxError as error:
        yield error.lineno, _short(error.message or "")
        return
    except (OutOfTimeError, MemoryError, RecursionError):
        yield 1, "is too deep to read"
        return
    yield from sorted({*_unknown(parsed, known), *_forbidden(parsed)})


def rendered(
    sandbox: ImmutableSandboxedEnvironment, source: str, context: Mapping[str, Any]
) -> dict[str, object]:
    """Return ``text``; or the ``line`` (None if no line is to blame) and the ``reason`` why there is none."""
    template = None
    try:
        code = sandbox.compile(source)
        template = Template.from_code(sandbox, code, sandbox.make_globals(None))
        text = "".join(_within(template.root_render_func(template.new_context(dict(context)))))
    except TemplateSyntaxError as error:
        return {"line": error.lineno, "reason": _short(error.message or "")}
    except (Exception, OutOfTimeError) as error:  # noqa: BLE001  # a template can raise anything
        reason = _BOUNDS.get(type(error)) or _short(str(error)) or type(error).__name__
        return {"line": _line(template, error.__traceback__), "reason": reason}
    return {"text": text}


def environment() -> ImmutableSandboxedEnvironment:
    """Return the sandbox: no loader, no randomness, no printing of what is no string or number."""
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown: the values are escaped already
    )
    for name in _RANDOM:
        made.filters.pop(name, None)
        made.globals.pop(name, None)
    return made


def _printable(value: object) -> object:
    if isinstance(value, _PRINTABLE):
        return value
    raise TemplateBreach(f"a {type(value).__name__} cannot be printed; name one of its values, or join it")


def _within(pieces: Iterator[str]) -> Iterator[str]:
    """Yield the pieces of the text while they are within the limit."""
    left = _OUTPUT_BYTES
    for piece in pieces:
        left -= len(piece.encode(errors="replace"))
        if left < 0:
            raise TemplateBreach(f"makes more than {_OUTPUT_BYTES // 1024} KiB")
        yield piece


def _line(template: Template | None, traceback: TracebackType | None) -> int | None:
    """Return the line of the template that was at work last."""
    line = None
    while template is not None and traceback is not None:
        if traceback.tb_frame.f_code.co_filename == "<template>":
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line


def _unknown(parsed: nodes.Template, known: Sequence[str]) -> Iterator[tuple[int, str]]:
    unknown = meta.find_undeclared_variables(parsed) - {
        *known,
        "range",
        "dict",
        "namespace",
        "cycler",
        "joiner",
    }
    for name in parsed.find_all(nodes.Name):
        if name.name in unknown and name.ctx == "load":
            yield name.lineno, f'"{_short(name.name)}" is not a value here; allowed: {", ".join(known)}'


def _forbidden(parsed: nodes.Template) -> Iterator[tuple[int, str]]:
    for statement in parsed.find_all(_FILES):
        yield statement.lineno, "a template takes in no other files"
    for read in parsed.find_all(nodes.Getattr):
        if read.attr.startswith("_"):
            yield read.lineno, f'".{_short(read.attr)}" must not be read'


def _short(text: str) -> str:
    return " ".join(text.split())[:_REASON]


def _out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTimeError


if __name__ == "__main__":
    sys.exit(main())
