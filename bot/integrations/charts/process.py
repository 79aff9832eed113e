"""`bot.services.ports.systems.Charts` by a short-lived process; see `bot.integrations.charts.worker`."""

import asyncio
import json
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from cachetools import LRUCache

from bot.domain.charts import Chart
from bot.integrations.charts.worker import as_request
from bot.integrations.worker_process import run_worker
from bot.services.ports.systems import PATIENCE_S

log = structlog.get_logger(__name__)

_WORKER: Final = "bot.integrations.charts.worker"
_KEPT_BYTES: Final = 2_000_000  # of pictures: the two of each of some twenty servers
_REASON_LIMIT: Final = 200


class WorkerCharts:
    """Draws charts, one process for those that are asked for together, and one process at a time.

    Args:
        folder: Where the process keeps its list of fonts, which takes a second to make.
        module: The worker's; a test has one that fails.
    """

    def __init__(self, folder: Path, *, module: str = _WORKER) -> None:
        self._folder = folder
        self._module = module
        self._one_at_a_time = asyncio.Lock()
        self._drawn: LRUCache[Chart, bytes] = LRUCache(_KEPT_BYTES, getsizeof=len)
        self._is_broken = False

    async def draw(self, charts: Sequence[Chart], *, within_s: float = PATIENCE_S) -> list[bytes | None]:
        """Return each chart as a PNG; None for one that failed or was not ready *within_s*."""
        if not all(chart in self._drawn for chart in charts):
            try:
                async with asyncio.timeout(within_s), self._one_at_a_time:
                    await self._draw([chart for chart in charts if chart not in self._drawn])
            except Exception as error:  # noqa: BLE001  # whatever a dying process raises, the words go out
                self._broken(f"{type(error).__name__}: {error}")
        return [self._drawn.get(chart) for chart in charts]

    async def _draw(self, charts: Sequence[Chart]) -> None:
        if not charts:
            return  # drawn while this one waited
        # OpenBLAS would start a thread per processor, each with memory of its own.
        env = {"MPLCONFIGDIR": str(self._folder), "OPENBLAS_NUM_THREADS": "1"}
        work = json.dumps([as_request(chart) for chart in charts]).encode()
        returncode, output = await run_worker("-m", self._module, work=work, env=env)
        if returncode != 0:
            raise ValueError(f"it ended with {returncode}")
        answers = json.loads(output)
        for chart, answer in zip(charts, answers, strict=True):
            if "png" in answer:
                self._drawn[chart] = b64decode(answer["png"])
        errors = [str(answer["error"]) for answer in answers if "error" in answer]
        if errors:
            self._broken(errors[0])
        elif self._is_broken:
            self._is_broken = False
            log.info("charts.drawn_again")

    def _broken(self, reason: str) -> None:
        """Log that drawing fails, once until it works again."""
        if not self._is_broken:
            log.warning("charts.failed", reason=reason[:_REASON_LIMIT])
        self._is_broken = True
