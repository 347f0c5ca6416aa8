"""Which published history lies at a path: told by the headings of its files, never by their names."""

from pathlib import Path

from rescind.simulator.history import Reader
from rescind.simulator.olist import OlistReader
from rescind.simulator.online_retail import OnlineRetailReader
from rescind.simulator.tables import UnknownLayoutError, headings

_READERS = (OlistReader(), OnlineRetailReader())


def recognise(path: Path) -> Reader:
    """The reader for a folder, or for one file of it (the tables beside it are found).

    Raises UnknownLayoutError, with the files that are there and what each known layout still lacks.
    """
    found = headings(path)
    missing: list[str] = []
    for reader in _READERS:
        try:
            files = reader.layout.locate(found)
        except UnknownLayoutError as lack:
            missing.append(str(lack))
            continue
        if path.is_dir() or path in files.values():
            return reader
        missing.append(f"{reader.name}: {path.name} is none of its tables")
    there = [f"{file.name} ({', '.join(heading) or 'no readable heading'})" for file, heading in found.items()]
    message = "\n".join(
        (
            f"no known order history at {path}",
            f"found: {'; '.join(there) or 'no .csv or .csv.gz file'}",
            *(f"looked for {lack}" for lack in missing),
        )
    )
    raise UnknownLayoutError(message)
