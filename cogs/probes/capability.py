"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, Tick
from cogs.probes import commands, doctor, store, use_cases

CAPABILITY = Capability(
    name="probes",
    opens=use_cases.open_prober,
    build=use_cases.build,
    commands=[commands.probes],
    ticks=[
        Tick("probes", use_cases.look, every_s=0.5, by_leader=True),
        Tick("old results of probes", use_cases.tidy, every_s=600, by_leader=True),
    ],
    gauges=store.gauges,
    doctor=doctor.check,
)
