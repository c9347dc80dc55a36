"""infctl: the console of a multi-region inference platform."""

__version__ = "0.1.0"
