-- name: audit
-- Records a change by a person, or a refusal.
INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
VALUES (now(), :guild_id, :actor_id, :actor_name, :action, :allowed, :data);
