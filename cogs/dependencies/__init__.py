"""Dependencies (依存): an open incident holds the alerts of what needs its target. See README.md."""
