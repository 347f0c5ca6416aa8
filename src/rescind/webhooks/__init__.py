"""Telling other systems what happened: addresses that may be called, signatures, one post, and when to try again."""
