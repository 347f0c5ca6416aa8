"""Writes the pages of docs/ that are made from the code: python tools/write_docs.py.

A test compares them with what this would write, so a page that is behind fails the build.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from rescind.api import OPERATIONS
from rescind.api.description import describe
from rescind.api.reference import UNDESCRIBED
from rescind.cli import program
from rescind.core.policy.handed_over import OVER
from rescind.core.policy.unheard import UNHEARD
from rescind.locales import DEFAULT, locale
from rescind.policies import names, preset
from rescind.settings import documentation

SETTINGS = Path("docs/operating/settings.md")
COMMANDS = Path("docs/reference/commands.md")
CALLS = Path("docs/reference/calls.md")
RULES = Path("docs/reference/rules.md")
LISTS = {
    Path("docs/problems/README.md"): "Problems",
    Path("docs/decisions/README.md"): "Decisions",
}
_ABOUT = {
    "Problems": "A page for each thing that can go wrong in a call: what happened, why, and what to do next.",
    "Decisions": "Why it is as it is: one page a decision, with what was measured and what was tried first.",
}
_COMMANDS = """\
# Commands

Written by `tools/write_docs.py` from the commands themselves. [Running](../operating/run.md#the-commands) has them
on one page in short. What goes wrong is one line on standard error and exit status 2.
"""
_CALLS = """\
# Calls

Written by `tools/write_docs.py` from the description of the API, which a running desk serves as `/openapi.json` and, to
read, at `/docs/api`. [The guide](../api.md) says how to call it. Who: the roles whose keys may make the call.
"""
_RULES = """\
# All rules

Written by `tools/write_docs.py` from the presets. A rule's page says why it is so; [how pages of rules are
read](../rules/README.md). In: the policies that have it.
"""
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


def commands() -> str:
    """The page of commands."""
    parts = [_COMMANDS]
    for words, command in _walked(typer.main.get_command(program()), "rescind"):
        places = [one for one in command.params if one.param_type_name == "argument"]
        options = [one for one in command.params if one.param_type_name == "option" and one.name != "help"]
        usage = " ".join([words, *(_placed(one) for one in places)])
        parts.append(f"## {words}\n\n```\n{usage}{' [OPTIONS]' if options else ''}\n```\n\n{_said(command.help)}\n")
        rows = [(f"`{_placed(one)}`", one.help) for one in places]
        rows += [(", ".join(f"`{each}`" for each in (*one.opts, *one.secondary_opts)), one.help) for one in options]
        if rows:
            lines = "\n".join(f"| {name} | {_row(about or '')} |" for name, about in rows)
            parts.append(f"| takes | |\n| --- | --- |\n{lines}\n")
    return "\n".join(parts)


def _placed(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return name if argument.required or name.startswith("[") else f"[{name}]"


def _walked(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    for name, one in sorted(group.commands.items()):
        if hasattr(one, "commands"):
            yield from _walked(one, f"{before} {name}")
        else:
            yield f"{before} {name}", one


def calls() -> str:
    """The page of the API's calls, by what they are about."""
    document = describe([one for one in OPERATIONS if one not in UNDESCRIBED], "")
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            who = ", ".join(one.get("x-roles", ())) or "anybody"
            by_tag.setdefault(one["tags"][0], []).append(
                f"| `{method.upper()} {path}` | {_row(one['summary'])} | {who} |"
            )
    parts = [_CALLS]
    for tag, rows in by_tag.items():
        lines = "\n".join(rows)
        parts.append(
            f"## {tag.replace('_', ' ').capitalize()}\n\n| call | does | who |\n| --- | --- | --- |\n{lines}\n"
        )
    return "\n".join(parts)


def rules() -> str:
    """The page that lists every rule with what it says, and where it holds."""
    policies: dict[str, list[str]] = {one: [] for one in (*(rule.id for rule in OVER.values()), UNHEARD)}
    for name in names():
        for rule in preset(name).rules:
            policies.setdefault(rule.id, []).append(name)
    rows = [
        f"| [{rule}](../rules/{rule}.md) | {_row(locale(DEFAULT).rule(rule))} | {', '.join(where) or 'every policy'} |"
        for rule, where in sorted(policies.items())
    ]
    return f"{_RULES}\n| rule | says | in |\n| --- | --- | --- |\n" + "\n".join(rows) + "\n"


def listed(place: Path, title: str) -> str:
    """The page that lists the others of its folder, by their headings."""
    folder = Path(__file__).resolve().parents[1] / place.parent
    rows: list[str] = []
    for page in sorted(folder.glob("*.md")):
        if page.name != "README.md":
            # Decisions are numbered, in their file's name and their heading.
            number, told, heading = page.read_text("utf-8").splitlines()[0].lstrip("# ").partition(" ")
            name, heading = (
                (number.rstrip(":"), heading) if number[:4].isdigit() else (page.stem, number + told + heading)
            )
            rows.append(f"| [{name}]({page.name}) | {_row(heading)} |")
    said = _wrapped(f"Written by `tools/write_docs.py`. {_ABOUT[title]}")
    return f"# {title}\n\n{said}\n\n| page | |\n| --- | --- |\n" + "\n".join(rows) + "\n"


def pages() -> dict[Path, str]:
    """Every written page by its place in the checkout."""
    lists = {place: listed(place, title) for place, title in LISTS.items()}
    return {SETTINGS: settings(), COMMANDS: commands(), CALLS: calls(), RULES: rules()} | lists


def _said(help_: str | None) -> str:
    """A command's own words; what is literal there is so here."""
    return "\n\n".join(_wrapped(part) for part in re.split(r"\n\s*\n", (help_ or "").replace("``", "`")))


def _row(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


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
        (root / place).parent.mkdir(exist_ok=True)
        (root / place).write_text(text, "utf-8")
        print(f"Wrote {place}")
