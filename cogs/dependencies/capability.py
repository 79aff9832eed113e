"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import AlertHold, Capability, IncidentEvent, JobHandling
from cogs.dependencies import commands, posts, use_cases
from cogs.dependencies.use_cases import RELEASE_HELD

CAPABILITY = Capability(
    name="dependencies",
    build=use_cases.build,
    jobs={RELEASE_HELD: JobHandling(use_cases.release_held)},
    lost_jobs=["lost_release_jobs"],
    on=dict.fromkeys(
        (IncidentEvent.ENDED, IncidentEvent.UPDATED, IncidentEvent.MADE_PRIVATE), use_cases.follow
    ),
    holds=[AlertHold(use_cases.holding, holds_meanwhile=use_cases.holds_meanwhile)],
    card_line=posts.card_line,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    controls=[commands.choose_apart],
)
