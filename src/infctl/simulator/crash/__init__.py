"""Kills real processes at real system calls and tears real disk images: is anything lost, doubled?

The victim runs a real plan through the real machine and journal; only its outside world is small,
a ledger on disk in which every act is one line, so that afterwards each effect can be counted.
"""
