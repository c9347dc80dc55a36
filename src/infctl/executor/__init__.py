"""Runs one plan in a process of its own: own session, own journal. Viewers only watch and ask."""
