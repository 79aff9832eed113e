"""Which mistakes are made, and which tests must find each."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Mutant:
    """A mistake that the tests must find.

    Attributes:
        name: The mistake in words.
        file: The file, below the root of the checkout.
        before: The correct lines, which occur once.
        after: The lines that replace them.
        tests: The arguments for pytest; at least one of these tests fails.
    """

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


MUTANTS: Final = (
    Mutant(
        name="an escalation does not read the 👀 once more",
        file="bot/services/escalation/decisions.py",
        before="await self._ahead.read_within([await self._store.incident(incident_id)], READ_WITHIN_S)",
        after="_ = READ_WITHIN_S",
        tests=("tests/services/acknowledging/test_reading_ahead.py",),
    ),
    Mutant(
        name="a sweep of due steps does not read the 👀 once more",
        file="bot/services/escalation/sweeps.py",
        before="await self._ahead.read_within(due, within_s, now=now)",
        after="_ = within_s",
        tests=("tests/services/acknowledging/test_reading_ahead.py",),
    ),
    Mutant(
        name="a message is sent without its nonce",
        file="bot/ui/discord_api/notifier.py",
        before='"nonce": nonce, "enforce_nonce": True',
        after='"nonce": nonce[:0] or None',
        tests=(
            "tests/integration/discord_api/test_notifier.py",
            "tests/integration/discord_api/test_notifier_faults.py",
        ),
    ),
    Mutant(
        name="an incident is read without its row lock",
        file="bot/storage/tables/incidents.sql",
        before="AND (:guild_id::bigint IS NULL OR guild_id = :guild_id)\n   FOR NO KEY UPDATE;",
        after="AND (:guild_id::bigint IS NULL OR guild_id = :guild_id);",
        tests=(
            "tests/integration/incidents/test_hidden_meanwhile.py",
            "tests/integration/database/test_store.py",
        ),
    ),
    Mutant(
        name="the next attempt does not wait as long as Discord asks for",
        file="bot/domain/delivery/attempts.py",
        before="return timedelta(seconds=max(delay_s, asked_s or 0.0))",
        after="return timedelta(seconds=delay_s)",
        tests=("tests/unit/domain/delivery/test_delivery.py",),
    ),
    Mutant(
        name="a limit for all requests is not waited for",
        file="bot/ui/discord_api/attempt.py",
        before="            self.gate.pause(self.retry_after_s)\n",
        after="            pass\n",
        tests=("tests/integration/discord_api/test_notifier_faults.py",),
    ),
    Mutant(
        name="whoever lacks the role passes",
        file="bot/services/shared/access.py",
        before="            raise NotPermitted(action=action, roles=self.roles(action))\n",
        after="",
        tests=("tests/cogs/dlq/test_entries.py",),
    ),
    Mutant(
        name="a private incident is shown to everybody",
        file="bot/services/shared/access.py",
        before="return await (source or self._store).is_member(incident.id, person.id)",
        after="return True",
        tests=("tests/services/privacy/test_privacy.py",),
    ),
    Mutant(
        name="an alert that is open pages again without the database",
        file="bot/services/outage/emergency.py",
        before="new.fingerprint in journal.known_alerts or new.fingerprint in journal.alerts",
        after="False",
        tests=("tests/services/outage/test_monitors_meanwhile.py",),
    ),
    Mutant(
        name="a message that has paged without the database is handled once more",
        file="bot/services/outage/recording.py",
        before="        if alert.source is not None:\n",
        after="        if alert.source is not None and not alert.key:\n",
        tests=("tests/services/outage/test_monitors_meanwhile.py",),
    ),
    Mutant(
        name="a step is due after twice its time",
        file="bot/domain/escalation/ladder.py",
        before="due_at=ack_due_at if rung.after is None else starts_at + rung.after,",
        after="due_at=ack_due_at if rung.after is None else starts_at + 2 * rung.after,",
        tests=("tests/unit/domain/escalation/test_ladder.py",),
    ),
    Mutant(
        name="whom only the earlier ones of several overdue steps tell is left out",
        file="bot/domain/escalation/ladder.py",
        before="return loudest, tuple(dict.fromkeys(who for step in steps for who in step.dm))",
        after="return loudest, steps[-1].dm",
        tests=("tests/unit/domain/escalation/test_ladder.py",),
    ),
    Mutant(
        name="a request goes to a private address behind a public name",
        file="bot/integrations/outbound/addresses.py",
        before="if is_public(each) or allowed.has(host, each)]",
        after="if True or allowed.has(host, each)]",
        tests=("tests/integration/outbound/test_http.py",),
    ),
    Mutant(
        name="the page after an answer that was handed back has the key of the first",
        file="bot/services/paging/references.py",
        before="if earlier and earlier[0].state is SyncedState.RINGING:",
        after="if earlier:",
        tests=("tests/services/paging/test_pages_out.py",),
    ),
    Mutant(
        name="a page whose answer was lost is forgotten when an ack cancels it",
        file="bot/services/paging/deliveries.py",
        before='reached it after all."""\n        await self._keep_unheard(tx, delivery)\n',
        after='reached it after all."""\n',
        tests=("tests/services/paging/test_time_passes.py",),
    ),
    Mutant(
        name="a page in a system outside is not told of an ack here",
        file="bot/services/paging/sync.py",
        before="            await system.tell(page.reference, SyncedState.ANSWERED)\n",
        after="",
        tests=("tests/services/paging/test_pages_out.py",),
    ),
    Mutant(
        name="one lost packet is an outage of a target",
        file="bot/integrations/systems/http_probe.py",
        before="        if first.state not in {SystemState.DOWN, SystemState.UNKNOWN}:\n",
        after="        if first.state is not None:\n",
        tests=("tests/integration/systems/test_http_probe.py",),
    ),
    Mutant(
        name="the state of the systems comes back into a thread that others read",
        file="bot/services/systems/runs.py",
        before="            if post.id in {each.id for each in exposed(posts)}:\n",
        after="            if not exposed(posts):\n",
        tests=("tests/services/systems/test_rounds.py",),
    ),
    Mutant(
        name="a round of checks that runs twice is recorded twice",
        file="bot/storage/tables/alerts/live_checks.sql",
        before=" WHERE incident_id = :incident_id AND round = :round AND finished_at IS NULL\n",
        after=" WHERE incident_id = :incident_id AND round = :round\n",
        tests=("tests/services/systems/test_rounds.py",),
    ),
    Mutant(
        name="a drill pages outside Discord",
        file="bot/services/escalation/step_messages.py",
        before="if due.incident.is_drill:",
        after="if due.incident.id < 0:",
        tests=("tests/services/paging/test_pages_out.py",),
    ),
    Mutant(
        name="of several overdue steps only the last one is repeated",
        file="bot/domain/escalation/ladder.py",
        before="for step in self.steps)\n        return next(",
        after="for step in self.steps[-1:])\n        return next(",
        tests=("tests/services/escalation/test_ladders.py",),
    ),
    Mutant(
        name="a deadline is one time off",
        file="bot/domain/escalation/ack_deadline.py",
        before="return at + times * span if",
        after="return at + (times + 1) * span if",
        tests=("tests/unit/runbook/test_default.py",),
    ),
    Mutant(
        name="a holiday counts as a business day",
        file="bot/domain/calendar/business_time.py",
        before="if day.weekday() in working and day not in holidays:",
        after="if day.weekday() in working:",
        tests=("tests/unit/domain/calendar/test_business_time.py",),
    ),
    Mutant(
        name="an email that the mail server refused counts as sent",
        file="bot/services/delivery/emails.py",
        before="reason=away.reason)\n            return False\n",
        after="reason=away.reason)\n            return True\n",
        tests=("tests/services/delivery/test_emails.py",),
    ),
    Mutant(
        name="a COMMIT that failed passes as success",
        file="bot/storage/store.py",
        before='            with storage_errors():\n                await connection.execute("COMMIT")\n',
        after="            with suppress(*STORAGE_ERRORS):\n"
        '                await connection.execute("COMMIT")\n',
        tests=("tests/faults/database/test_commits.py",),
    ),
    Mutant(
        name="a more severe report is swallowed by the incident that it joins",
        file="bot/services/triage/joining.py",
        before="        if rises(self._policy, incident, severity):  # first",
        after="        if not severity:  # first",
        tests=("tests/services/triage/test_joining.py",),
    ),
    Mutant(
        name="a private incident is shown as similar",
        file="bot/storage/tables/triages.sql",
        before="AND NOT is_private AND NOT is_drill AND triggered_at > now()",
        after="AND NOT is_drill AND triggered_at > now()",
        tests=("tests/services/triage/test_joining.py",),
    ),
    Mutant(
        name="a past incident that becomes private stays on the cards of others",
        file="bot/job_handlers.py",
        before="await capability.hides(services.built.get(capability.name), incident_id)",
        after="_ = incident_id",
        tests=("tests/cogs/suspects/test_suspects.py",),
    ),
    Mutant(
        name="a card that is being made keeps an incident that became private",
        file="cogs/suspects/use_cases.py",
        before="            card = await _without_private(tx, incident.guild_id, card)",
        after="            _ = _without_private",
        tests=("tests/cogs/suspects/test_suspects.py",),
    ),
    Mutant(
        name="an alert from before an action item was done reopens it",
        file="bot/storage/tables/alerts/alerts.sql",
        before="AND action_items.closed_at < :said_at",
        after="AND (action_items.closed_at < :said_at OR true)",
        tests=("tests/integration/storage/incidents/test_actions.py",),
    ),
    Mutant(
        name="an action item is looked at before its time",
        file="bot/services/actions/timers.py",
        before="if item.next_at is None or item.next_at > change.now:",
        after="if item.next_at is None:",
        tests=("tests/services/actions/test_timers.py",),
    ),
    Mutant(
        name="a reminder of an action item does not set the next one",
        file="bot/services/actions/timers.py",
        before="await change.set_next(at)",
        after="_ = change.set_next, at",
        tests=("tests/services/actions/test_timers.py",),
    ),
    Mutant(
        name="the deadline of a question about an unknown P0 has no job",
        file="bot/services/alerts/questions.py",
        before="await tx.enqueue(self._deadline(question, after=alerts.unanswered_after))",
        after="_ = self._deadline",
        tests=("tests/services/alerts/test_unknown.py",),
    ),
    Mutant(
        name="a question about an unknown P0 that is left out has no deadline",
        file="bot/storage/tables/alerts/alerts.sql",
        before="AND (:tracks_at IS NOT NULL OR NOT is_full)",
        after="AND NOT is_full",
        tests=("tests/services/alerts/test_unknown.py",),
    ),
    Mutant(
        name="the job of an action item that an alert has broken is not asked for",
        file="bot/services/alerts/questions.py",
        before="note_alert(decided)\n    await tx.enqueue(*(action_job(item_id) for item_id in broken))",
        after="note_alert(decided)\n    _ = broken",
        tests=("tests/services/actions/test_timers.py",),
    ),
    Mutant(
        name="an alert that the team passes over does not reopen its action item",
        file="bot/services/alerts/questions.py",
        before="muted.evidence.at))\n    await tx.enqueue(*(action_job(item_id) for item_id in broken))",
        after="muted.evidence.at))\n    _ = broken",
        tests=("tests/services/actions/test_timers.py",),
    ),
    Mutant(
        name="the owner of a private incident's action item is not asked whether they see it",
        file="bot/services/actions/checking.py",
        before="if incident is None or await self._access.sees(owner, incident, source=tx):",
        after="if incident is None or owner is not None or tx is not None:",
        tests=("tests/services/actions/test_items.py",),
    ),
    Mutant(
        name="a reminder of a postmortem is sent again and again",
        file="bot/services/postmortems/reminders.py",
        before="replace(owed, reminded=reminder.stage)",
        after="replace(owed, reminded=None)",
        tests=("tests/services/postmortems/test_owed.py",),
    ),
    Mutant(
        name="a postmortem is asked for while its incident is open",
        file="bot/services/incidents/lifecycle.py",
        before="            await release(change)\n",
        after="",
        tests=("tests/services/postmortems/test_owed.py",),
    ),
    Mutant(
        name="a correction of a resolution undoes what another person wrote meanwhile",
        file="bot/services/postmortems/resolutions.py",
        before="_merged(before, _made(change, said), said.left)",
        after="_merged(before, _made(change, said), frozenset())",
        tests=("tests/services/postmortems/test_resolutions.py",),
    ),
    Mutant(
        name="a postmortem that people have edited on GitHub is overwritten",
        file="bot/domain/postmortem/pull.py",
        before="if found.sha in (self.blob, self.writing) else FileDecision.CONFLICT",
        after="if found.sha else FileDecision.CONFLICT",
        tests=("tests/services/code_host/test_pull_requests.py",),
    ),
    Mutant(
        name="what is about to be written to GitHub is not noted before",
        file="bot/services/postmortems/exporting.py",
        before="await self._note_writing(path, wanted)",
        after="_ = self._note_writing, path, wanted",
        tests=("tests/services/code_host/test_pull_requests.py",),
    ),
    Mutant(
        name="a pull request that the bot opened before it was killed is not found again",
        file="bot/domain/postmortem/pull.py",
        before="own = [pull for pull in pulls if pull.number == export.number or marker in pull.body]",
        after="own = [pull for pull in pulls if pull.number == export.number]",
        tests=("tests/services/code_host/test_pull_requests.py",),
    ),
    Mutant(
        name="an issue that the bot opened before it was killed is not found again",
        file="bot/services/actions/issues.py",
        before="found = await writing.found(marker, opening_at=export.opening_at)",
        after="found = None",
        tests=("tests/services/code_host/test_issues.py",),
    ),
    Mutant(
        name="a list that lags behind undoes what was done here",
        file="bot/domain/actions/issue.py",
        before="return self.seen_at is None or issue.updated_at >= self.seen_at",
        after="return issue is not None",
        tests=("tests/unit/domain/actions/test_issue.py",),
    ),
    Mutant(
        name="the token follows a redirect to another host",
        file="bot/integrations/github/connection.py",
        before="if urlsplit(there)[:2] != urlsplit(str(url))[:2]:",
        after="if not there:",
        tests=("tests/integration/github/test_connection.py",),
    ),
    Mutant(
        name="a slow GitHub keeps every worker of the queue",
        file="bot/job_handlers.py",
        before="if self._left == 0:",
        after="if self._left < -1000:",
        tests=("tests/services/code_host/test_crowd.py",),
    ),
    Mutant(
        name="a secret in an alert is posted",
        file="bot/services/alerts/events.py",
        before="await _masked(event)",
        after="event",
        tests=("tests/services/hooks/test_processing.py", "tests/services/probes/test_probing.py"),
    ),
    Mutant(
        name="a webhook's message is sent again although it has perhaps arrived",
        file="bot/services/delivery/attempts.py",
        before="    if delivery.attempts < _LOOKS:\n        raise UpstreamUnavailable(_UNFOUND)\n",
        after="    if delivery.attempts < _LOOKS:\n        return\n",
        tests=("tests/cogs/dlq/test_replay_batches.py",),
    ),
    Mutant(
        name="a batch takes an entry that has perhaps arrived",
        file="cogs/dlq/replays.py",
        before="if one.is_unknown or not one.may_be_repeated",
        after="if not one.may_be_repeated",
        tests=("tests/cogs/dlq/test_replay_batches.py",),
    ),
    Mutant(
        name="a batch that is stopped keeps the entries that it did not send",
        file="cogs/dlq/store.sql",
        before="USING returned WHERE dlq_replays.delivery_key = returned.delivery_key",
        after="USING returned WHERE false AND dlq_replays.delivery_key = returned.delivery_key",
        tests=("tests/cogs/dlq/test_replay_batches.py",),
    ),
    Mutant(
        name="a replay by a webhook pages people as a new alert",
        file="bot/services/alerts/tracking.py",
        before="return AlertOutcome.REPLAY if self._is_replay(message) else None",
        after="return None",
        tests=("tests/services/alerts/test_alerts.py",),
    ),
    Mutant(
        name="a mute of a lesser alert hides a more severe one",
        file="bot/services/alerts/opening.py",
        before="if one.rank <= said.severity.rank",
        after="if one.rank >= 0",
        tests=("tests/services/digest/test_verdicts.py",),
    ),
    Mutant(
        name="a window that ends loses what is being held at that moment",
        file="cogs/maintenance/store.sql",
        before="ORDER BY ends_at, id\n   FOR SHARE",
        after="ORDER BY ends_at, id",
        tests=("tests/cogs/maintenance/test_holding.py",),
    ),
    Mutant(
        name="an alert that was over during a window is tracked at its end",
        file="cogs/maintenance/use_cases.py",
        before="if not await windows.fires_still(",
        after="if False and not await windows.fires_still(",
        tests=("tests/cogs/maintenance/test_holding.py",),
    ),
    Mutant(
        name="a message that is read again counts towards its threshold again",
        file="bot/services/alerts/tracking.py",
        before="known = await tx.handled_message(said)",
        after="known = None",
        tests=("tests/services/alerts/test_rules.py",),
    ),
    Mutant(
        name="a muted alert counts each reading of the same message",
        file="bot/storage/tables/alerts/verdicts.sql",
        before="passed_over + (passed_up_to < :message_id)::int",
        after="passed_over + (:message_id > 0)::int",
        tests=("tests/services/digest/test_verdicts.py",),
    ),
    Mutant(
        name="a digest keeps its lines about an incident that was made private",
        file="bot/services/privacy/redactions.py",
        before="return await self._store.naming_posts(incident.id)",
        after="return []",
        tests=("tests/services/privacy/test_made_private.py",),
    ),
    Mutant(
        name="pasted output is kept with its secrets",
        file="bot/services/sheets/pasting.py",
        before="masked.text,\n            masked.counts",
        after="pasted.text,\n            masked.counts",
        tests=("tests/services/sheets/test_pasting.py",),
    ),
    Mutant(
        name="the end of a token behind a cut is not masked",
        file="bot/domain/masking/spans.py",
        before="last = token_end(text, end)",
        after="last = end",
        tests=("tests/unit/domain/masking/test_masking.py",),
    ),
)
