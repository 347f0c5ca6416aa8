"""Writes the typed Python client from the API's own description: python tools/write_client.py.

A test compares what is there with what this would write, so a client that is behind fails the build. The description
is made by us and regular, so a page of code turns it into structs and methods; what generators for any description
made of it was 83,000 lines (docs/decisions/0130-a-client-is-written-from-the-description.md).
"""

from __future__ import annotations

import builtins
import json
import keyword
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from rescind.api import OPERATIONS
from rescind.api.description import describe
from rescind.api.reference import UNDESCRIBED

PACKAGE = Path("clients/python/src/rescind_client")
_HEAD = '"""{about} Written by tools/write_client.py; change it there."""\n\nfrom __future__ import annotations\n\n'
_LONE = {
    "string": "str",
    "integer": "int",
    "boolean": "bool",
    "number": "float",
    "null": "None",
    "object": "dict[str, Any]",
}
_FORMATS = {"date-time": "datetime", "date": "date"}
_FOLLOWED = "happenings_follow"
"""A stream has a method written by hand."""

Schema = dict[str, Any]
_WORDS: set[str] = set()
"""The shapes that are a choice of words."""


def files() -> dict[Path, str]:
    """Every written file by its place in the checkout."""
    document = describe([one for one in OPERATIONS if one not in UNDESCRIBED], "")
    _WORDS.update(name for name, one in document["components"]["schemas"].items() if "enum" in one)
    made = {
        PACKAGE / "models.py": _models(document),
        PACKAGE / "operations.py": _operations(document, wait=False),
        PACKAGE / "async_operations.py": _operations(document, wait=True),
    }
    return {path: _formatted(text) for path, text in made.items()}


# --- shapes ----------------------------------------------------------------------------------------------------------


def _models(document: dict[str, Any]) -> str:
    schemas = document["components"]["schemas"]
    answers = _answers(document)
    parts = [
        _HEAD.format(about="What the API takes and gives."),
        "from datetime import date, datetime\nfrom typing import Any, Literal\n\nimport msgspec\n\n",
    ]
    for name, schema in schemas.items():
        parts.append(_alias(name, schema) if "enum" in schema else _struct(name, schema, heard=name in answers))
    return "\n\n".join(parts)


def _answers(document: dict[str, Any]) -> set[str]:
    """The shapes that the desk may send. A word in them may one day be a new one, and is told rather than refused."""
    schemas, found = document["components"]["schemas"], {"Problem"}
    waiting = [
        answer
        for methods in document["paths"].values()
        for one in methods.values()
        for answer in one["responses"].values()
    ] + [schemas["Problem"]]
    while waiting:
        for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(waiting.pop())):
            if name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


def _alias(name: str, schema: Schema) -> str:
    return "\n".join(part for part in (f"{name} = {_literal(schema['enum'])}", _doc(schema)) if part)


def _struct(name: str, schema: Schema, *, heard: bool) -> str:
    required = set(schema.get("required", ()))
    lines = [f"class {name}(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):", _doc(schema, "    ")]
    for key, field in schema.get("properties", {}).items():
        lines.append(f"    {_field(key, field, needed=key in required, heard=heard)}")
    if len(lines) == 2 and not lines[1]:
        lines.append("    pass")
    return "\n".join(line for line in lines if line)


def _field(key: str, schema: Schema, *, needed: bool, heard: bool) -> str:
    kind = _kind(schema, heard=heard)
    name = f"{key}_" if keyword.iskeyword(key) else key
    parts: list[str] = [f"name={key!r}"] if name != key else []
    default = schema.get("default")
    if not needed:
        if isinstance(default, dict) and "$ref" in schema:
            # What is left out is as the desk has it; a struct of it would have to be made.
            default, schema = {}, {name: value for name, value in schema.items() if name != "default"}
        if isinstance(default, list | tuple) or (default == {} and "$ref" not in schema):
            # An empty one is made anew for each struct.
            default = {} if default == {} else []
        if parts and "default" in schema:
            parts.append(f"default={default!r}")
        elif "default" not in schema or (default == {} and "$ref" in schema):
            kind, parts = f"{kind} | None", [*parts, "default=None"]
        else:
            return f"{name}: {kind} = {default!r}"
    return f"{name}: {kind}" + (f" = msgspec.field({', '.join(parts)})" if parts else "")


def _kind(schema: Schema, prefix: str = "", *, heard: bool = False) -> str:
    """The type of a schema as Python writes it. prefix: the module that the structs are in; heard: the desk says it."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return "str" if heard and name in _WORDS else prefix + name
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one, prefix, heard=heard) for one in schema["anyOf"]))
    if "enum" in schema:
        return "str" if heard else _literal(schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list[{_kind(schema.get('items', {}), prefix, heard=heard)}]"
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return f"dict[str, {_kind(schema['additionalProperties'], prefix, heard=heard)}]"
        case "string":
            return _FORMATS.get(schema.get("format", ""), "str")
        case str(one):
            return _LONE[one]
        case [*many]:
            return " | ".join("list[Any]" if one == "array" else _LONE[one] for one in many)
        case _:
            return "Any"


def _literal(values: list[Any]) -> str:
    return f"Literal[{', '.join(map(repr, values))}]"


# --- operations ------------------------------------------------------------------------------------------------------


def _operations(document: dict[str, Any], *, wait: bool) -> str:
    about = "What the API can do, for programs that wait." if wait else "What the API can do."
    transport = "AsyncTransport" if wait else "Transport"
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            if one["operationId"] != _FOLLOWED:
                written = by_tag.setdefault(one["tags"][0], [])
                written.append(_method(path, method, one, wait=wait))
                if place := _goes_on(one, document["components"]["schemas"]):
                    written.append(_pages(one, place, wait=wait))
    imports = (
        "from collections.abc import AsyncIterator, Iterator\nfrom datetime import date, datetime\n"
        "from typing import IO, Any, Literal\n\n"
        f"from rescind_client import models\nfrom rescind_client.transport import {transport}, segment\n\n"
    )
    parts = [_HEAD.format(about=about), imports]
    for tag, methods in by_tag.items():
        name = _class(tag)
        begin = f"class {name}:\n    def __init__(self, transport: {transport}) -> None:\n"
        parts.append("\n\n".join([f"{begin}        self._transport = transport", *methods]))
    attributes = "\n".join(f"        self.{_name(tag)} = {_class(tag)}(transport)" for tag in by_tag)
    parts.append(
        f'class Operations:\n    """Every operation, by what it is about."""\n\n'
        f"    def __init__(self, transport: {transport}) -> None:\n{attributes}"
    )
    return "\n\n".join(parts)


def _method(path: str, method: str, one: dict[str, Any], *, wait: bool) -> str:
    parameters = one.get("parameters", [])
    name = _called(one)
    places = [p for p in parameters if p["in"] == "path"]
    queries = [p for p in parameters if p["in"] == "query"]
    headers = {p["name"] for p in parameters if p["in"] == "header"}
    body = _body(one)
    given = [f"{_python(p['name'])}: {_kind(p['schema'], 'models.')}" for p in places]
    if body:
        given.append(body[0])
    options = [f"{_python(p['name'])}: {_kind(p['schema'], 'models.')} | None = None" for p in queries]
    options += ["idempotency_key: str | None = None"] if "Idempotency-Key" in headers else []
    options += ["if_match: int | str | None = None"] if "If-Match" in headers else []
    options += ['content_type: str = "application/octet-stream"'] if body and body[1] == "content" else []
    gives = _gives(one)
    options += ["to: IO[bytes] | None = None"] if gives == "bytes" else []
    arguments = ", ".join(["self", *given, *(["*", *options] if options else [])])
    address = re.sub(r"\{(\w+)\}", lambda found: f"{{segment({_python(found[1])})}}", path)
    words = [repr(method.upper()), f'f"{address}"' if places else f'"{address}"', gives]
    if body:
        words.append(f"{body[1]}={body[2]}")
        words += ["content_type=content_type"] if body[1] == "content" else []
    if queries:
        words.append("query={" + ", ".join(f"{p['name']!r}: {_python(p['name'])}" for p in queries) + "}")
    if "Idempotency-Key" in headers:
        words.append("key=idempotency_key")
        words.append("keyed=True")
    if "If-Match" in headers:
        words.append("if_match=if_match")
    if gives == "bytes":
        words.append("to=to")
    doc = _doc({"description": f"{one['summary']}.\n\n{one['description']}"}, "        ")
    call = f"self._transport.call({', '.join(words)})"
    return (
        f"    {'async ' if wait else ''}def {name}({arguments}) -> {gives}:\n{doc}\n"
        f"        return {'await ' if wait else ''}{call}"
    )


def _goes_on(one: dict[str, Any], schemas: dict[str, Schema]) -> str:
    """By which parameter a list is read on from where its part said; empty for what is no list in parts."""
    fields = schemas.get(_gives(one).removeprefix("models."), {}).get("properties", {})
    asked = {p["name"] for p in one.get("parameters", []) if p["in"] == "query"}
    ends = {"type": "null"} in fields.get("next", {}).get("anyOf", [])
    return next((name for name in ("cursor", "after") if name in asked), "") if ends else ""


def _pages(one: dict[str, Any], place: str, *, wait: bool) -> str:
    """A list to its end, a part at a time."""
    name, gives = _called(one), _gives(one)
    places = [p for p in one["parameters"] if p["in"] == "path"]
    queries = [p for p in one["parameters"] if p["in"] == "query" and p["name"] != place]
    given = [f"{_python(p['name'])}: {_kind(p['schema'], 'models.')}" for p in places]
    options = [f"{_python(p['name'])}: {_kind(p['schema'], 'models.')} | None = None" for p in queries]
    arguments = ", ".join(["self", *given, *(["*", *options] if options else [])])
    said = [_python(p["name"]) for p in places]
    said += [f"{_python(p['name'])}={_python(p['name'])}" for p in queries] + [f"{place}={place}"]
    return (
        f"    {'async ' if wait else ''}def {name}_pages({arguments}) -> {'Async' if wait else ''}Iterator[{gives}]:\n"
        f'        """Every part of ``{name}``, one after the other."""\n'
        f"        {place} = None\n        while True:\n"
        f"            page = {'await ' if wait else ''}self.{name}({', '.join(said)})\n"
        f"            yield page\n            {place} = page.next\n"
        f"            if {place} is None:\n                return"
    )


def _called(one: dict[str, Any]) -> str:
    name = one["operationId"].removeprefix(f"{_name(one['tags'][0])}_")
    return f"{name}_" if keyword.iskeyword(name) else name


def _body(one: dict[str, Any]) -> tuple[str, str, str] | None:
    """The argument, as what the transport takes it, and its value."""
    content = one.get("requestBody", {}).get("content", {})
    if not content:
        return None
    schema = content.get("application/json", {}).get("schema")
    if schema is None:
        return ("content: bytes", "content", "content")
    if "$ref" in schema:
        return (f"body: {_kind(schema, 'models.')}", "body", "body")
    return ("body: Any", "body", "body")


def _gives(one: dict[str, Any]) -> str:
    """What a good answer is: a struct, or the bytes as they come."""
    answers = [answer for status, answer in one["responses"].items() if status.startswith("2")]
    schema = answers[0].get("content", {}).get("application/json", {}).get("schema") if answers else None
    return _kind(schema, "models.") if schema else "bytes"


# --- words -----------------------------------------------------------------------------------------------------------


def _class(tag: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[\s_-]+", tag))


def _name(tag: str) -> str:
    return re.sub(r"[\s-]+", "_", tag.lower())


def _python(name: str) -> str:
    name = re.sub(r"\W", "_", name)
    return f"{name}_" if keyword.iskeyword(name) or hasattr(builtins, name) else name


def _doc(schema: Schema, indent: str = "") -> str:
    text = str(schema.get("description", "")).strip().replace("\\", "\\\\").replace('"""', "'''")
    if not text:
        return ""
    paragraphs = [" ".join(part.split()) for part in re.split(r"\n\s*\n", text)]
    width = 116 - len(indent)
    lines = textwrap.TextWrapper(width, break_long_words=False, break_on_hyphens=False)
    filled = "\n\n".join(map(lines.fill, paragraphs))
    closing = "\n" if "\n" in filled else ""
    return textwrap.indent(f'"""{filled}{closing}"""', indent, lambda line: bool(line.strip()))


def _formatted(text: str) -> str:
    """As the house writes it, with the imports that are needed."""
    for words in (("check", "--fix", "--quiet", "--select=I,F401,UP"), ("format",)):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--isolated", "--line-length=120", "-"],
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ValueError(done.stderr or done.stdout)
        text = done.stdout
    return text


def main() -> None:
    """Write every file."""
    for path, text in files().items():
        path.write_text(text, "utf-8")
        print(f"Wrote {path}")


if __name__ == "__main__":
    main()
