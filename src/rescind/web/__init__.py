"""Server-rendered pages. They read, build commands for the engine, and decide nothing."""
