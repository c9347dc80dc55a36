"""The only code that changes the world: guards, journal, operations and the step machine.

No SDK here: time, journal and world are ports, so the same machine runs in tests with fakes. No
intent on disk, no act; undo is data, written before the act.
"""
