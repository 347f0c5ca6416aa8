"""Refresh the vendored files under ``src/rescind/web/static``: htmx, the Inter face and the icon sprite.

Run on purpose, by hand, with network and npm: ``python tools/vendor_static.py``. It downloads the exact versions below,
refuses an archive whose SHA-256 is not the one written here, and rewrites ``VENDORED.md``. To take a newer version,
change version and digest together and read the package's changes first.
"""

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

STATIC = Path(__file__).parent.parent / "src/rescind/web/static"


class Package(NamedTuple):
    """One npm archive and what we take from it: path in the archive -> file name here."""

    name: str
    version: str
    sha256: str
    licence: str
    home: str
    files: dict[str, str]


HTMX = Package(
    "htmx.org",
    "4.0.1",
    "5fba65616ca148a86d377e9771bcada7f35faee3558651feb929eea425e13b3c",
    "0BSD",
    "https://htmx.org",
    {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "licences/htmx.txt"},
)
INTER = Package(
    "@fontsource-variable/inter",
    "5.3.0",
    "d26710dd38e7217484a1d47ee76c024977ec550548876f26d06ed1844af09a14",
    "OFL-1.1",
    "https://rsms.me/inter",
    {"files/inter-latin-wght-normal.woff2": "inter-latin.woff2", "LICENSE": "licences/inter.txt"},
)
LUCIDE = Package(
    "lucide-static",
    "1.62.0",
    "386f9080c440d6f5049cefe3456ae8357f7a0c7f76e59670cd1cb83bc7050a44",
    "ISC",
    "https://lucide.dev",
    {"LICENSE": "licences/lucide.txt"},
)

ICONS = [
    "arrow-left",
    "ban",
    "banknote",
    "bot",
    "calendar-clock",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "circle",
    "circle-alert",
    "circle-check",
    "circle-help",
    "circle-pause",
    "circle-x",
    "clock",
    "copy",
    "credit-card",
    "download",
    "ellipsis",
    "eye",
    "file-text",
    "flag",
    "funnel",
    "gavel",
    "globe",
    "headset",
    "house",
    "history",
    "hourglass",
    "image",
    "inbox",
    "info",
    "list-checks",
    "log-out",
    "mail",
    "map-pin",
    "message-square",
    "minus",
    "octagon-x",
    "package",
    "package-check",
    "package-open",
    "paperclip",
    "pause",
    "phone",
    "plus",
    "printer",
    "receipt",
    "refresh-cw",
    "scale",
    "search",
    "settings",
    "shield-check",
    "square-pen",
    "sticky-note",
    "store",
    "trending-down",
    "trending-up",
    "triangle-alert",
    "truck",
    "undo-2",
    "user",
    "users",
    "wifi-off",
    "x",
]
"""Names in the sprite. The picture keeps our name when Lucide renames it (RENAMED)."""

RENAMED = {"circle-help": "circle-question-mark"}


def fetch(package: Package, folder: Path) -> dict[str, bytes]:
    """Every file of the package, by its path inside the archive."""
    spec = f"{package.name}@{package.version}"
    done = subprocess.run(
        ["npm", "pack", spec, "--silent"],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = (folder / done.stdout.strip().splitlines()[-1]).read_bytes()
    digest = hashlib.sha256(archive).hexdigest()
    if digest != package.sha256:
        sys.exit(f"{spec}: the archive's SHA-256 is {digest}, expected {package.sha256}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {
            member.name.removeprefix("package/"): stream.read()
            for member in tar
            if member.isfile() and (stream := tar.extractfile(member)) is not None
        }


def sprite(files: dict[str, bytes]) -> str:
    """One SVG with a ``<symbol>`` per icon. Stroke and colour come from our stylesheet."""
    symbols: list[str] = []
    for name in ICONS:
        svg = files[f"icons/{RENAMED.get(name, name)}.svg"].decode()
        body = re.sub(r"\s+", " ", svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]).strip()
        body = body.replace("> <", "><").replace(" />", "/>")
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{body}</symbol>')
    notice = f"<!-- {LUCIDE.name} {LUCIDE.version}, ISC licence, see licences/lucide.txt -->"
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{notice}\n' + "\n".join(symbols) + "\n</svg>\n"


def main() -> None:
    """Download, check, write, and list what was written."""
    rows: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        for package in (HTMX, INTER, LUCIDE):
            files = fetch(package, Path(folder))
            written = {target: files[source] for source, target in package.files.items()}
            if package is LUCIDE:
                written["icons.svg"] = sprite(files).encode()
            for target, content in written.items():
                path = STATIC / target
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                digest = hashlib.sha256(content).hexdigest()
                rows.append(f"| `{target}` | {package.name} {package.version} | {package.licence} | `{digest}` |")
    (STATIC / "VENDORED.md").write_text(
        "# Files that others wrote\n\n"
        "Written by `tools/vendor_static.py`; a test compares each digest with the file.\n"
        "Everything else in this folder is ours.\n\n"
        "| file | package | licence | SHA-256 |\n| --- | --- | --- | --- |\n"
        + "\n".join(rows)
        + f"\n\nHomes: {', '.join(package.home for package in (HTMX, INTER, LUCIDE))}. "
        f"`icons.svg` holds {len(ICONS)} of Lucide's pictures as symbols, their paths unchanged.\n"
    )


if __name__ == "__main__":
    main()
