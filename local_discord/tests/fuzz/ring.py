"""Where requests meet the sandbox: real sockets, driven from tests that are no coroutines."""

import asyncio
from typing import Any

import aiohttp

from local_discord.rest.pipeline import API_PREFIX
from local_discord.server import LocalDiscord
from local_discord.tests.fuzz.bytes_of_requests import Bytes
from local_discord.tests.fuzz.requests import Request
from local_discord.tests.fuzz.stage import Stage
from local_discord.tests.rest.raw import Line, Told


class Ring:
    """A sandbox and a client in an event loop of their own, for tests that are no coroutines."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.sandbox = LocalDiscord()
        self.sandbox.core.limiter.enabled = False
        runner.run(self.sandbox.start())
        self._http: aiohttp.ClientSession = runner.run(self._session())
        self._stage = Stage(self.sandbox, self._http)

    async def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    def fight(self, sent: list[Request], *, admin: bool, kind: int) -> list[dict[str, Any]]:
        """Send all of *sent* to a fresh stage; returns their entries of the log."""
        self._stage.reset(admin=admin, kind=kind)
        since = self.sandbox.core.log.next
        for request in sent:
            self._runner.run(self._stage.send(request))
        return [one for one in self.sandbox.core.log.since(since) if one["kind"] == "rest"]

    def spar(self, sent: list[Request]) -> list[dict[str, Any]]:
        """Send each of *sent* by an administrator to a stage that none before has changed; their entries.

        What was refused has changed nothing.
        """
        found: list[dict[str, Any]] = []
        is_fresh = False
        for request in sent:
            if not is_fresh:
                self._stage.reset(admin=True, kind=0)
            since = self.sandbox.core.log.next
            is_fresh = self._runner.run(self._stage.send(request)) >= 400
            found += [one for one in self.sandbox.core.log.since(since) if one["kind"] == "rest"]
        return found

    def shout(self, sent: list[Bytes]) -> list[Told]:
        """Send all of *sent* to a fresh stage, on one connection as long as it lasts; returns the answers."""
        self._stage.reset(admin=True, kind=0)
        return self._runner.run(self._shout(sent))

    async def _shout(self, sent: list[Bytes]) -> list[Told]:
        told: list[Told] = []
        line = await Line.open(self.sandbox)
        try:
            for one in sent:
                if told and told[-1].headers.get("connection") == "close":
                    await line.close()
                    line = await Line.open(self.sandbox)
                method, path = one.verb.split(" ")
                verb = f"{method} {API_PREFIX}{self._stage.place(path)}"
                told.append(await line.ask(verb, one.headers, one.body))
        finally:
            await line.close()
        return told

    def close(self) -> None:
        """Stop everything."""
        self._runner.run(self._http.close())
        self._runner.run(self.sandbox.stop())
