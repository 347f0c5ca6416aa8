"""Who runs the demo's policies."""

OPERATORS = {"operator": ("ines", "Ines Duarte"), "operator2": ("omar", "Omar Haddad")}
"""Two people: what one writes the other puts in force. Their ids and names."""
