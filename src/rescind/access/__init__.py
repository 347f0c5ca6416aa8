"""Who may come in, and as whom: keys, links, codes, passkeys, passwords, the operator's identity provider, mandates.

``credentials`` says of every request who is behind it; ``principal`` is what everything else knows of them.
"""
