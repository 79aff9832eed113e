-- name: delivery_by_key
-- One delivery by its key, for whoever has asked for it and waits.
SELECT owed.*, NULL::bigint AS after_channel_id, NULL::bigint AS after_message_id
  FROM deliveries AS owed
 WHERE owed.key = $1;
