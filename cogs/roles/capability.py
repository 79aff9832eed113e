"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, Tick
from cogs.roles import doctor, posts, use_cases

CAPABILITY = Capability(
    name="roles",
    build=use_cases.build,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    oncall_lines=posts.oncall_lines,
    doctor_stored=doctor.stored,
    ticks=[
        Tick("roles", use_cases.keep, every_s=use_cases.LOOK_S, by_leader=True),
        Tick("roles by hand", use_cases.check, every_s=use_cases.CHECK_S, by_leader=True, when_ready=True),
    ],
)
