"""On-call: the schedules, the handovers, and the checks that people on call can be reached."""
