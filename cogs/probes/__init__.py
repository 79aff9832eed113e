"""Probes (プローブ、外形監視): targets that are asked by HTTP all the time. README.md has the rules."""

from bot.capability import Capability, Tick
from cogs.probes import commands, doctor, policy, prober, store, trying, use_cases

CAPABILITY = Capability(
    name="probes",
    policy=policy.ProbesTable,
    targets=policy.targets,
    addresses=policy.addresses,
    opens=prober.open_prober,
    build=use_cases.build,
    commands=[commands.probes],
    ticks=[
        Tick("probes", use_cases.look, every_s=0.5, by_leader=True),
        Tick("old results of probes", use_cases.tidy, every_s=600, by_leader=True),
    ],
    gauges=store.gauges,
    programs={"probes try": trying.try_probes},
    doctor=doctor.check,
)
