"""A Cloudflare on loopback: Workers and Pages with their deployments. Its official client judges it."""
