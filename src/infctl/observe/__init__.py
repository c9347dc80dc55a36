"""The picture of the world: every region is asked at once, each with its own deadline.

Only ports are used here; nothing is changed. A region that does not answer in time keeps its last
known values, marked with their age and the reason.
"""
