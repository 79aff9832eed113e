-- name: audit
-- Records a refusal or a change by a person.
INSERT INTO audit (at, guild_id, actor_id, actor_name, action, allowed, data)
VALUES (now(), :guild_id, :actor_id, :actor_name, :action, :allowed, :data);
