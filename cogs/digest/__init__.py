"""The weekly digest: the week in figures, told on Monday. README.md has its rules."""
