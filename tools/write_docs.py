"""Writes the pages of docs/ that are made from the code: python tools/write_docs.py.

A test compares them with what this would write, so a page that is behind fails the build.
"""

from __future__ import annotations

from pathlib import Path

from rescind.settings import documentation

SETTINGS = Path("docs/operating/settings.md")
_SWITCHES = {"True": "1", "False": "0"}

_SETTINGS = """\
# Settings

Written by `tools/write_docs.py` from `src/rescind/settings.py`; change it there.

Every setting is an environment variable. Some are also options of a command, named alike: `--port` is `RESCIND_PORT`;
the option wins. A variable that begins with `RESCIND_` and is not on this page is refused by name, because a misspelt
one would be silently without effect. An empty variable is as good as none.
"""


def settings() -> str:
    """The page of settings."""
    parts = [_SETTINGS]
    for variable, default, meaning in documentation():
        shown = f"`{_SWITCHES.get(default, default)}`" if default else "none"
        parts.append(f"## {variable}\n\n{_wrapped(meaning)}\n\nDefault: {shown}.\n")
    return "\n".join(parts)


def pages() -> dict[Path, str]:
    """Every written page by its place in the checkout."""
    return {SETTINGS: settings()}


def _wrapped(text: str, width: int = 120) -> str:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)


if __name__ == "__main__":
    root = Path(__file__).resolve().parents[1]
    for place, text in pages().items():
        (root / place).write_text(text, "utf-8")
        print(f"Wrote {place}")
