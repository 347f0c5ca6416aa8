"""A shop that runs on WooCommerce: reading its orders, asking its REST API, and telling it what was cancelled here."""
