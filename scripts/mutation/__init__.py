"""Mutation testing: makes mutants of the engine, and tries whether the tests notice them."""
