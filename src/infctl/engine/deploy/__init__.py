"""Brings rendered objects and cloud resources to the world, over ports alone."""
