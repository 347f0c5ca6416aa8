"""Server-rendered pages. They read, build commands for the engine, and decide nothing.

What leads to them is in ``routes``; a command that needs one of their words does not wait for all of them.
"""
