"""Server-rendered pages. They read, build commands for the engine, and decide nothing."""

from rescind.web.routes import routes, safe_headers

__all__ = ["routes", "safe_headers"]
