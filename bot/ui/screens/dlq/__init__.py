"""Screens of `/dlq`: undelivered notifications, their files, and replays."""
