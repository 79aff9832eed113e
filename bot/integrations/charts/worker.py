"""The process that draws: `python -m bot.integrations.charts.worker`, JSON in and out.

It limits its own time and memory, and gives way to the bot for the processor.
"""

import json
import os
import sys
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from bot.domain.charts import BarChart, Chart, IncidentChart, MonthChart, SeverityChart, TimesChart

_DRAWN: Final = (SeverityChart, TimesChart, BarChart, IncidentChart, MonthChart)
_KINDS: Final = {made.__name__: made for made in _DRAWN}

_SECONDS: Final = 30
_BYTES: Final = 1024 * 1024 * 1024
_NICENESS: Final = 5


def as_request(chart: Chart) -> dict[str, object]:
    """Return *chart* as the worker reads it."""
    return {"kind": type(chart).__name__, "chart": chart.to_json()}


def main() -> int:
    """Draw each chart that comes in; one that fails is null, with its error's name beside it."""
    with suppress(ImportError, ValueError, OSError):  # not every system has limits
        import resource  # noqa: PLC0415  # not on Windows

        resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
        resource.setrlimit(resource.RLIMIT_AS, (_BYTES, _BYTES))
        os.nice(_NICENESS)
    answers = [_answer(each) for each in json.load(sys.stdin)]
    json.dump(answers, sys.stdout)
    return 0


def _answer(each: Mapping[str, Any]) -> dict[str, str]:
    # The bot imports this module, and must not import matplotlib.
    from bot.integrations.charts.drawing import draw  # noqa: PLC0415

    try:
        return {"png": b64encode(draw(_KINDS[each["kind"]].from_json(each["chart"]))).decode()}
    except Exception as error:  # noqa: BLE001  # whatever it is, the other charts are drawn
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    sys.exit(main())
