"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import Capability, JobHandling, NumberOf, Tick
from bot.services.delivery.handling import DeliveryHandler
from cogs.hooks import doctor, store, use_cases
from cogs.hooks.intake import HOOKS
from cogs.hooks.rules import HookDeliveryKind

CAPABILITY = Capability(
    name="hooks",
    routes=use_cases.serve,
    build=use_cases.build,
    # One job takes a third of a core, perhaps for minutes; three would use up the event loop, in which
    # escalations run as well.
    jobs={HOOKS: JobHandling(use_cases.process, begins_with=NumberOf.GUILD, at_a_time=1, takes_turns=True)},
    lost_jobs=["lost_hook_jobs"],
    renderers=use_cases.RENDERERS,
    deliveries=lambda _built, _core: [DeliveryHandler(HookDeliveryKind.HOOK_UNREAD)],
    ticks=[
        Tick("missed hooks", use_cases.catch_up, every_s=3600, by_leader=True, when_ready=True),
        Tick("old hooks", use_cases.tidy, every_s=600, by_leader=True),
    ],
    gauges=store.gauges,
    doctor=doctor.check_missed,
    doctor_of_all=doctor.check_sources,
)
