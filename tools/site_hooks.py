"""What MkDocs has to be told: pages of the checkout that stand outside docs/, and how they are linked to."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "rescind.md",
    "clients/python/README.md": "clients/python.md",
    "src/rescind/web/static/mark.svg": "mark.svg",
}
"""Files of the checkout, and where they stand in the site."""
_LINK = re.compile(r"\]\((?!https?:|mailto:|/|#)([^)\s#]+)(#[^)\s]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add what stands outside."""
    for place, name in OUTSIDE.items():
        files.append(File.generated(config, name, content=(ROOT / place).read_text("utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Let links lead where their page is in the site. What is in no page of it, such as code, is told plain."""
    here = next((place for place, name in OUTSIDE.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}")

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), found[1]))
        name = OUTSIDE.get(target, target.removeprefix("docs/") if target.startswith("docs/") else "")
        if (ROOT / target).is_dir():
            name = f"{name}/README.md" if name and (ROOT / target / "README.md").is_file() else ""
        if not name:
            return "]"
        away = posixpath.relpath(name, posixpath.dirname(page.file.src_uri) or ".")
        return f"]({away}{found[2] or ''})"

    return _LINK.sub(link, markdown)
