"""Import what the stories' bots need before the forks (`tests.warm`), out of the garbage collector's way."""

import gc
import importlib
import pkgutil
from functools import cache
from typing import Final

import typer.main
from pgqueuer.domain.settings import db_settings

import cogs
from bot.capability import installed
from bot.cli.commands import app
from bot.i18n.texts import Texts
from bot.runbook import load_policy
from bot.storage.database.sql import queries

_MODULES: Final = (
    "time_machine",
    "bot.cli.commands",
    "bot.cli.setup",
    "bot.app",
    "bot.process.health",
    "apscheduler.executors.asyncio",
    "apscheduler.triggers.cron",
    "apscheduler.triggers.interval",
    "anyio._backends._asyncio",
    "tests.faults.stage.crashing",
    "tests.faults.stage.under_way",
    "tests.warm",
    *(f"cogs.{found.name}" for found in pkgutil.iter_modules(cogs.__path__)),
)

for name in _MODULES:
    importlib.import_module(name)
installed()
Texts.load()
queries()
db_settings()
typer.main.get_command = cache(typer.main.get_command)  # a program makes its commands once
typer.main.get_command(app)
load_policy(None)  # with the holidays of its country, which a process of its own works out
gc.collect()
gc.freeze()
