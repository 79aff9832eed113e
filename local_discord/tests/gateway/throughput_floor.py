"""The floor of the throughput measurement: a bare aiohttp WebSocket server that sends one text many times.

Run as ``python -m local_discord.tests.gateway.throughput_floor COUNT PER_S`` with the text on standard input;
it prints its address, serves one client, and then prints the seconds and CPU seconds that sending took.
"""

import asyncio
import json
import sys
import time

from aiohttp import web

_STEP_S = 0.005


async def send(ws: web.WebSocketResponse, text: str, count: int, per_s: float) -> dict[str, float]:
    """Send *text* that often, paced like the sandbox's burst (0: as fast as it goes)."""
    began_s, cpu_s = time.monotonic(), time.process_time()
    for sent in range(count):
        await ws.send_str(text)
        ahead_s = sent / per_s - (time.monotonic() - began_s) if per_s else 0.0
        if ahead_s > _STEP_S:
            await asyncio.sleep(ahead_s)
    return {"elapsed_s": time.monotonic() - began_s, "cpu_s": time.process_time() - cpu_s}


async def serve(text: str, count: int, per_s: float) -> None:
    """Serve one client, then end."""
    done: asyncio.Future[dict[str, float]] = asyncio.get_running_loop().create_future()

    async def handle(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        result = await send(ws, text, count, per_s)
        await ws.close()
        done.set_result(result)
        return ws

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"ws://127.0.0.1:{runner.addresses[0][1]}/\n")
    sys.stdout.flush()
    sys.stdout.write(json.dumps(await done) + "\n")
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(sys.stdin.read(), int(sys.argv[1]), float(sys.argv[2])))
