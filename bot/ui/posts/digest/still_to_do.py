"""The parts of a digest about what is still to do: open incidents, owed postmortems, action items."""

from datetime import date

from bot.domain.digest import ActionsDue, Digest, DueAction
from bot.domain.postmortem.owing import OwedPostmortem
from bot.ui.posts.digest.naming import (
    NAME_LIMIT,
    TITLE_LIMIT,
    DigestSection,
    Show,
    incident_lines,
    looked_up,
    private_line,
)
from bot.ui.words.days import due_day
from bot.ui.words.inert import inert
from bot.ui.words.wording import Wording


def open_incidents(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    """List the incidents that go on; return None without any."""
    if not week.open:
        return None
    heading = words.say("digest.open.heading", count=len(week.open))
    return DigestSection(heading, tuple(incident_lines(words, week.open, show)))


def postmortems(words: Wording, week: Digest, show: Show) -> DigestSection | None:
    """List the postmortems not yet done, late or not; return None without any."""
    if not week.postmortems:
        return None
    overdue = sum(one.is_overdue(week.today) for one in week.postmortems)
    key = "digest.postmortems.heading_late" if overdue else "digest.postmortems.heading"
    lines = [
        _postmortem(words, one, week.today, show) for one in week.postmortems if not one.incident.is_private
    ]
    private = len(week.postmortems) - len(lines)
    if private:
        lines.append(private_line(words, private, "incident list"))
    return DigestSection(words.say(key, count=len(week.postmortems), overdue=overdue), tuple(lines))


def _postmortem(words: Wording, owed: OwedPostmortem, today: date, show: Show) -> str:
    name, title = show(owed.incident)
    key = "digest.postmortems.late" if owed.is_overdue(today) else "digest.postmortems.line"
    owner = inert(owed.postmortem.owner_name, limit=NAME_LIMIT)
    return words.say(key, name=name, title=title, owner=owner, due=due_day(words, owed.postmortem.due_on))


def actions_due(words: Wording, actions: ActionsDue, show: Show) -> DigestSection | None:
    """List the action items that are overdue or due soon, and count the others; return None without any."""
    if not actions.waiting:
        return None
    lines = [_action(words, "digest.actions.late", one, show) for one in actions.overdue]
    lines += [_action(words, "digest.actions.line", one, show) for one in actions.due]
    if actions.private:
        lines.append(private_line(words, actions.private, "action list"))
    if actions.later:
        lines.append(words.say("digest.actions.later", count=actions.later) + looked_up(words, "action list"))
    key = "digest.actions.heading_late" if actions.overdue else "digest.actions.heading"
    heading = words.say(key, count=actions.waiting, overdue=len(actions.overdue))
    return DigestSection(heading, tuple(lines))


def _action(words: Wording, key: str, due: DueAction, show: Show) -> str:
    item, incident = due.item, due.incident
    if incident is None:
        origin = looked_up(words, "action list")
    else:
        origin = words.say("digest.actions.origin", incident=show(incident)[0])
    return words.say(
        key,
        label=item.label,
        origin=origin,
        what=inert(item.what, limit=TITLE_LIMIT),
        owner=inert(item.owner.name, limit=NAME_LIMIT),
        due=due_day(words, item.due_on),
    )
