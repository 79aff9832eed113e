"""The story that the demo opens on: its people, their past with its posts, and an unacknowledged incident."""
