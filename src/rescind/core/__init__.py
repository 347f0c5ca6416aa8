"""Pure decisions: what an order is, what may be asked of it, and what the answer is.

Standard library, msgspec and sqlglot only. Nothing here reads a clock, a file, a socket or a random number:
the shell passes them in, so that a decision made live can be made again from what was stored.
"""
