"""A page of instructions as somebody reads it who does what it says: commands, what they answer, steps in a browser."""

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"^(?P<before> *)```(?P<kind>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL
)
_ITEM = re.compile(r"^\d+\. (.*(?:\n   .*)*)", re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!])\s+(?=[A-Z])|(?<=。)")


@dataclass
class Commands:
    """A block of shell commands. alone: it runs in a terminal of its own and goes on. answer: what the page shows."""

    text: str
    alone: bool
    answer: str = ""


@dataclass
class Step:
    """A sentence of a numbered list."""

    text: str


def read(page: Path) -> list[Commands | Step]:
    """Everything there is to do, in the page's order. Blocks without a language are for looking at only."""
    text = page.read_text("utf-8")
    found: list[tuple[int, Commands | Step]] = []
    for block in BLOCK.finditer(text):
        # In a list a block stands further in.
        inside = re.sub(f"(?m)^{block['before']}", "", block["text"])
        if block["kind"] == "sh":
            found.append((block.start(), Commands(inside, alone=block["title"] is not None)))
        elif block["kind"] == "output":
            before = found[-1][1]
            assert isinstance(before, Commands), "an answer stands under the commands that give it"
            before.answer = inside
    for item in _ITEM.finditer(BLOCK.sub(lambda one: "\n" * len(one[0]), text)):
        found += [(item.start(), Step(one)) for one in _SENTENCE.split(" ".join(item[1].split()))]
    # Sentences of one item keep their order, for sorting is stable.
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def says(answer: str, shown: str) -> bool:
    """Whether a program answered what a page shows; … stands for anything, alone on a line for any lines or none."""
    lines = [re.escape(line).replace("…", "[^\n]*") + "\n" for line in shown.splitlines()]
    pattern = "".join(r"(?:.*\n)*?" if line == "[^\n]*\n" else line for line in lines)
    return re.fullmatch(pattern, answer if answer.endswith("\n") or not answer else f"{answer}\n") is not None
