"""Mail that goes out: addresses, messages, the talk with a server, and the server that operators choose."""
