"""Server-rendered pages. They read, build commands for the engine, and decide nothing."""

from rescind.web.routes import over

__all__ = ["over"]
