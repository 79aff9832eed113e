"""The screens of `/oncall`: who is on call, and what a change has done."""
