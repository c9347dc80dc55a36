"""Alarms of broken glass: on this machine's disk first, then with people and in the clusters."""

from infctl.executor.alarms.courier import Courier, carrying
from infctl.executor.alarms.delivery import deliver
from infctl.executor.alarms.queue import Waiting, keep_alarm, keep_closing, waiting
from infctl.executor.alarms.reviews import Reviews, close_review, read_reviews, untold

__all__ = [
    "Courier",
    "Reviews",
    "Waiting",
    "carrying",
    "close_review",
    "deliver",
    "keep_alarm",
    "keep_closing",
    "read_reviews",
    "untold",
    "waiting",
]
