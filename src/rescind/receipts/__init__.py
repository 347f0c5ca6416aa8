"""Receipts outside of the core: the keys that sign them, checking one offline, and the commands for both."""
