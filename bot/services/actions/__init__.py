"""Action items: added, reminded of, marked as done, and watched until they are proven."""
