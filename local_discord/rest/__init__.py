"""The HTTP API, v10: `routing` and `pipeline` carry requests, one module per resource answers them."""
