"""Payment providers behind the port in ``core/ports.py``."""
