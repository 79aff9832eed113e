"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import AlertHold, Capability, JobHandling, NumberOf, Tick
from cogs.maintenance import commands, doctor, events, screens, store, use_cases
from cogs.maintenance.plans import BEGIN_WINDOW
from cogs.maintenance.use_cases import END_WINDOW

CAPABILITY = Capability(
    name="maintenance",
    build=use_cases.build,
    jobs={
        END_WINDOW: JobHandling(use_cases.end_window, begins_with=NumberOf.GUILD),
        BEGIN_WINDOW: JobHandling(use_cases.begin_window, begins_with=NumberOf.GUILD),
    },
    lost_jobs=["lost_window_jobs"],
    holds=[
        AlertHold(use_cases.holding, windows=store.open_windows, holds_meanwhile=use_cases.holds_meanwhile)
    ],
    renderers=screens.RENDERERS,
    deliveries=use_cases.deliveries,
    begin=use_cases.begin,
    ticks=[
        Tick("window events", use_cases.keep_events, every_s=events.LOOK_S, by_leader=True),
        Tick(
            "window events by hand",
            use_cases.check_events,
            every_s=events.CHECK_S,
            by_leader=True,
            when_ready=True,
        ),
    ],
    commands=[commands.mute_group],
    doctor=doctor.check,
    controls=[
        commands.press_end,
        commands.press_keep,
        commands.press_skip,
        commands.press_drop,
        commands.press_page,
        commands.choose_plan,
    ],
)
