"""Action items: added, reminded of, done, watched, reopened."""
