"""The demo marketplace that ships with the product: real purchases, invented people. See CREDITS.md."""
