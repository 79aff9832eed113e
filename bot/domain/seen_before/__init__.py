"""Past incidents that resemble one that goes on."""
