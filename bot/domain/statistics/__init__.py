"""The figures of a period: what is counted, and how. See docs/internals/statistics.md."""
