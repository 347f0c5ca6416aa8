"""Telling people: what is said, and the ways by which it reaches them."""
