"""Rescind: the cancellation desk of a marketplace, as one program anyone can run."""

__version__ = "0.1.0"
