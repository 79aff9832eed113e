"""ntfy, Pushover, PagerDuty and a receiver of webhooks, as their documentation describes them."""
