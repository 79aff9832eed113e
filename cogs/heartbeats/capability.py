"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, Tick
from cogs.heartbeats import commands, doctor, store, use_cases

CAPABILITY = Capability(
    name="heartbeats",
    routes=use_cases.serve,
    build=use_cases.build,
    commands=[commands.heartbeats],
    ticks=[Tick("heartbeats", use_cases.look, every_s=2, by_leader=True)],
    gauges=store.gauges,
    doctor=doctor.check,
)
