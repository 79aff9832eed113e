"""Private addresses of calendars with on-call shifts, for Google, Apple and Outlook."""
