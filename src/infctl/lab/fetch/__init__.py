"""Kubernetes for the lab: found in the cache or on PATH, else downloaded, else built."""

from infctl.lab.fetch.provide import argv, definitions_folder, ensure

__all__ = ["argv", "definitions_folder", "ensure"]
