"""Imported and read before the bots of the stories are forked (`tests.warm`), out of the collector's way."""

import gc
import importlib
import pkgutil
from typing import Final

import cogs
from bot.i18n.texts import Texts
from bot.storage.database.sql import queries

_MODULES: Final = (
    "time_machine",
    "bot.cli.commands",
    "bot.app",
    "bot.process.vitals",
    "apscheduler.executors.asyncio",
    "apscheduler.triggers.cron",
    "apscheduler.triggers.interval",
    "anyio._backends._asyncio",
    "tests.warm",
    *(f"cogs.{found.name}" for found in pkgutil.iter_modules(cogs.__path__)),
)

for name in _MODULES:
    importlib.import_module(name)
Texts.load()
queries()
gc.collect()
gc.freeze()
