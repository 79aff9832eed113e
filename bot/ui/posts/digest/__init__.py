"""The weekly digest as a message: its headline, charts, figures, and what is still to do."""
