-- A row in each table of the records that the demo's past leaves empty: times with microseconds, nested JSON, numbers
-- that no float holds, bytes, references.
INSERT INTO escalation_steps (incident_id, index, due_at, mention, dm)
VALUES (1, 0, '2026-11-02 03:04:05.678901+09', 'here', '{primary,"a, \"b\""}');
INSERT INTO incident_links (incident_id, related_id, by_id, by_name) VALUES (1, 2, 1, 'Ann');
INSERT INTO incident_members (incident_id, user_id, name, by_id, by_name) VALUES (1, 9007199254740993, '佐藤', 1, 'Ann');
INSERT INTO removed_members (incident_id, user_id, username, by_id, by_name) VALUES (1, 4, 'ben', 1, 'Ann');
INSERT INTO alert_messages (message_id, channel_id, incident_id) VALUES (11, 12, 1);
INSERT INTO alert_events (guild_id, sender, event_id, nth, fingerprint, says, incident_id)
VALUES (1, 'sentry', 13, 0, 'f', 'firing', 1);
INSERT INTO alert_recoveries (message_id, incident_id) VALUES (13, 1);
INSERT INTO alert_verdicts (guild_id, fingerprint, incident_id, verdict, severity, by_id, by_name, at, holds_until)
VALUES (1, 'f', 1, 'mute', 'SEV1', 1, 'Ann', now(), now());
INSERT INTO drills (incident_id, guild_id, started_by_id, started_by_name, started_at, injects, ends_at, ended_at)
VALUES (1, 1, 1, 'Ann', now(), '[{"after_s": 1.50, "text": {"ja": "訓練 \\ \" 🔥", "en": null}}]', now(), now());
INSERT INTO reports (guild_id, key, by_id, by_name, title, evidence, incident_id)
VALUES (1, 'r', 1, 'Ann', 'Down', '{"text": "x"}', 1);
INSERT INTO snoozes (incident_id, guild_id, until, by_id, by_name) VALUES (1, 1, now(), 1, 'Ann');
INSERT INTO team_calls (incident_id, guild_id, team, asked, due_at, called_ids, before_ids) VALUES (1, 1, 'payments', 0, now(), '{3}', '{4}');
INSERT INTO rollbacks (incident_id, guild_id, rolls_back, reason, by_id, by_name, at)
VALUES (1, 1, true, 'errors since v42', 1, 'Ann', now());
INSERT INTO announcements (incident_id, guild_id, number, state, severity, targets, started_at, texts, status, drafted_by)
VALUES (1, 1, 1, 'resolved', 'SEV1', '{api,"a, b"}', now(), '{"x": {"ja": "復旧\n\"🔥\"", "en": ""}}', 'published', '{"id": 1}');
INSERT INTO used_links (id, incident_id, used_at) VALUES ('link', 1, now());
INSERT INTO triages (guild_id, key, user_id, user_name, title, started_at, status, incident_id)
VALUES (1, 'triage', 1, 'Ann', 'title', now(), 'opened', 1);
INSERT INTO triage_answers (triage_id, question, answer, by_id, by_name)
SELECT id, 'q', 'a', 1, 'Ann' FROM triages;
INSERT INTO triage_choices (triage_id, severity, by_id, by_name, at) SELECT id, 'SEV1', 1, 'Ann', now() FROM triages;
INSERT INTO attachments (key, guild_id, incident_id, filename, content) VALUES ('k', 1, 1, 'f.md', '\x00ff5c');
INSERT INTO postmortem_documents (incident_id, guild_id, path, version, digest, read_at)
VALUES (1, 1, 'docs/a.md', 1, 'd', now());
INSERT INTO postmortem_pulls (incident_id, guild_id, repository, state, wanted, changed_at)
VALUES (1, 1, 'o/r', 'open', 1, now());
INSERT INTO action_issues (item_id, guild_id, repository) SELECT min(id), 1, 'o/r' FROM action_items
 WHERE incident_id IS NOT NULL;
INSERT INTO audit (guild_id, actor_id, actor_name, action, allowed, data)
VALUES (1, 1, 'Ann', 'resolve', false, '{"incident_id": 1, "n": 1.10, "big": 12345678901234567890}');
