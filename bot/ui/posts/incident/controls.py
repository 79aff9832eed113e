"""The few buttons of an incident's posts: what its state calls for, and the way to everything else."""

from bot.capability import IncidentChoice
from bot.domain.incident.incident import Incident, IncidentKind, Status
from bot.runbook.model import Policy
from bot.ui.buttons import Component, IncidentVerb, Verb
from bot.ui.words.wording import Wording


def called_for(policy: Policy, incident: Incident) -> tuple[Verb, ...]:
    """Return the actions that the state of an incident calls for, two at most, the one to press first."""
    is_alert = incident.kind is IncidentKind.ALERT
    if incident.status is Status.TRIGGERED:
        return IncidentVerb.ACK, IncidentVerb.DECLARE if is_alert else IncidentVerb.DECLINE
    if incident.is_open:
        return IncidentVerb.DECLARE if is_alert else IncidentVerb.DETAILS, IncidentVerb.RESOLVE
    if incident.is_drill:
        return (IncidentVerb.NOTE,)
    if incident.told_merged_into is not None:
        return IncidentVerb.VIEW, IncidentVerb.REOPEN
    own = (choice.verb for choice in own_choices(policy, incident) if choice.is_next)
    return IncidentVerb.REOPEN, next(own, IncidentVerb.NOTE)


def own_choices(policy: Policy, incident: Incident) -> list[IncidentChoice]:
    """Return what capabilities offer on an incident in its state."""
    choices = (choice for capability in policy.capabilities for choice in capability.choices)
    return [choice for choice in choices if choice.is_offered(policy, incident)]


def first_buttons(words: Wording, incident: Incident, *, is_edited: bool) -> list[Component]:
    """Return the buttons of `called_for`.

    Args:
        is_edited: The post is edited whenever the incident changes, see `Buttons.of`.
    """
    verbs = called_for(words.policy, incident)
    return [_made(words, incident, verb, is_edited=is_edited) for verb in verbs]


def others_button(words: Wording, incident: Incident) -> Component:
    """Return [その他…], which leads to everything else."""
    return words.buttons.make(IncidentVerb.OTHERS, incident.id)


def _made(words: Wording, incident: Incident, verb: Verb, *, is_edited: bool) -> Component:
    buttons, other = words.buttons, incident.told_merged_into
    if verb is IncidentVerb.VIEW and other is not None:
        return buttons.make(verb, other)
    if is_edited and isinstance(verb, IncidentVerb):
        return buttons.of(incident, verb)[0]
    return buttons.make(verb, incident.id)
