"""Who is on call, handing over, and whether they can be reached."""
