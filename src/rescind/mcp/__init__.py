"""An MCP server for programs that act for people: tools over the public API, with one key and nothing beside it.

It decides nothing and holds nothing. What a key may do, and under which mandate, the desk says and enforces.
"""
