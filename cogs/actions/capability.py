"""What the folder plugs into the core. `bot.capability` says what each part is."""

from bot.capability import (
    CODE_HOST,
    ActionItemReads,
    Capability,
    ConsoleLine,
    IncidentChoice,
    IncidentEvent,
    JobHandling,
    NumberOf,
)
from bot.storage.records.tables import RecordTable
from cogs.actions import commands, demo, posts, screens, store, use_cases
from cogs.actions.items import ACTION_ISSUE, ACTION_ITEM, POLL_ISSUES

_GUILD_OF = "guild_of_action"
_FIRED = "each.fired_in NOT IN (SELECT id FROM chosen)"
_ITEMS = "SELECT id FROM action_items WHERE incident_id IN (SELECT id FROM chosen)"

CAPABILITY = Capability(
    name="actions",
    build=use_cases.build,
    jobs={
        ACTION_ITEM: JobHandling(use_cases.look, _GUILD_OF),
        ACTION_ISSUE: JobHandling(use_cases.write_issue, _GUILD_OF, at_a_time=2, service=CODE_HOST),
        POLL_ISSUES: JobHandling(use_cases.poll, NumberOf.GUILD, at_a_time=2, service=CODE_HOST),
    },
    lost_jobs=["lost_action_jobs"],
    on={IncidentEvent.MADE_PRIVATE: use_cases.end_issues},
    entries=posts.ENTRIES,
    notices=posts.NOTICES,
    renderers=posts.RENDERERS,
    deliveries=use_cases.deliveries,
    begin=use_cases.begin,
    fired=use_cases.wake_unheld,
    action_items=ActionItemReads(store.open_ones, store.of_incident),
    console=[ConsoleLine(store.items_shown, posts.items_of_incident, is_last=True)],
    choices=[IncidentChoice(posts.ADD, lambda _policy, incident: not incident.is_open)],
    commands=[commands.action_group, commands.make_action_item],
    controls=[
        commands.press_add,
        commands.press_done,
        commands.press_edit,
        commands.press_drop,
        commands.press_reopen,
        commands.turn_page,
        commands.open_chosen,
    ],
    forms={
        screens.ADD_FORM: commands.send_item,
        screens.EDIT_FORM: commands.send_edit,
        screens.DROP_FORM: commands.send_drop,
    },
    inputs=screens.INPUTS,
    numbers={"act": _GUILD_OF},
    records=[
        RecordTable("action_items", "id", severed={"fired_in": _FIRED}),
        RecordTable("action_issues", "item_id", f"each.item_id IN ({_ITEMS})"),
    ],
    past_items=demo.items_of,
)
