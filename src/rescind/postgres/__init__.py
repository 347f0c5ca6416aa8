"""Storage: the few tables of the one database, and the server under them."""
