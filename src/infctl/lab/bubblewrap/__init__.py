"""Bubblewrap gives a container folders at places of its own, without root."""

from infctl.lab.bubblewrap.mounts import Mount, mount_words
from infctl.lab.bubblewrap.provide import binary, ensure
from infctl.lab.bubblewrap.trial import Forbidden, find_words

__all__ = ["Forbidden", "Mount", "binary", "ensure", "find_words", "mount_words"]
