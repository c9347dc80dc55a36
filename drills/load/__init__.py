"""Clients that honour TTLs and write down every request. `locust` is imported here alone."""
