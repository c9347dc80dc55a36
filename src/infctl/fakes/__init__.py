"""In-memory ports that pass the contract suites of the real clients: for tests, trials and docs."""
