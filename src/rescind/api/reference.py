"""The API's own pages: its OpenAPI document, the same to be read by people, and a page for each problem.

Nothing on them comes from another host, and no script runs on them.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from markupsafe import Markup, escape

from rescind.api import problems
from rescind.api.description import describe
from rescind.api.endpoint import Answer, Call, Operation, operation
from rescind.core import errors
from rescind.headers import SHOWN_ALONE, as_bytes
from rescind.locales import locale, negotiate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rescind.core.errors import RescindError

PAGES = Path(__file__).with_name("pages")
_HTML = b"text/html; charset=utf-8"
_POLICY = (
    b"content-security-policy",
    b"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
_ALONE = as_bytes(SHOWN_ALONE)
_PUBLIC = (b"cache-control", b"public, max-age=300")
_CODE = re.compile(r"`([^`]+)`")


@operation(
    "GET",
    "/openapi.json",
    may=None,
    through="public",
    summary="Read the OpenAPI document",
    media_type="application/json",
)
async def openapi(call: Call) -> Answer:
    """The description of this API, as OpenAPI 3.1."""
    described: Described = call.described
    return Answer(body=described.document, headers=(_PUBLIC,))


@operation("GET", "/docs/api", may=None, through="public", summary="Read this page", media_type="text/html")
async def page(call: Call) -> Answer:
    """The description of this API, to be read by people."""
    described: Described = call.described
    mark = "Demo" if call.desk.settings.demo else "Trial" if await call.desk.connected.trial() else ""
    return Answer(body=described.page(mark), media_type=_HTML, headers=(_POLICY, *_ALONE, _PUBLIC))


@operation("GET", "/docs/api.css", may=None, through="public", summary="Read this page's style", media_type="text/css")
async def style(_: Call) -> Answer:
    """How this page looks."""
    return Answer(
        body=(PAGES / "reference.css").read_bytes(), media_type=b"text/css; charset=utf-8", headers=(_PUBLIC,)
    )


@operation(
    "GET",
    "/problems/{code}",
    may=None,
    through="public",
    summary="Read about a problem",
    media_type="text/html",
    fails=(errors.NotFound,),
)
async def problem(call: Call) -> Answer:
    """What a problem's `type` points to: what happened, and what to do next, in the reader's language."""
    kind = by_code().get(call.ids["code"])
    if kind is None:
        raise errors.NotFound(kind="problem")
    header = call.headers.get(b"accept-language")
    language = locale(negotiate(header.decode("latin-1") if header else None))
    html = (
        _environment()
        .get_template("problem.html")
        .render(
            code=kind.code,
            status=problems.PROBLEMS[kind][0],
            title=problems.title(kind, language),
            detail=problems.detail(kind(), language),
            language=language,
        )
    )
    return Answer(
        body=html.encode(),
        media_type=_HTML,
        headers=(_POLICY, *_ALONE, (b"vary", b"Accept-Language"), (b"content-language", language.tag.encode())),
    )


OPERATIONS = (openapi, page, style, problem)
UNDESCRIBED = frozenset({style})
"""What serves the page and is no part of the API."""


@cache
def by_code() -> dict[str, type[RescindError]]:
    """The problem behind each code; of several that share one, the first of the table."""
    found: dict[str, type[RescindError]] = {}
    for kind in problems.PROBLEMS:
        found.setdefault(kind.code, kind)
    return found


class Described:
    """What the API is, told to machines and to people; each made when somebody first asks for it."""

    def __init__(self, operations: Sequence[Operation], server: str) -> None:
        self._operations = tuple([one for one in operations if one not in UNDESCRIBED])
        self._server = server

    @property
    def document(self) -> bytes:
        """The OpenAPI document."""
        return _document(self._operations, self._server)

    def page(self, mark: str = "") -> bytes:
        """The same as a page. mark: what stands above it where no money moves."""
        return _page(self._operations, self._server, mark)


# A process answers for one address, in tests for many desks of one.
_described = cache(describe)


@cache
def _document(operations: tuple[Operation, ...], server: str) -> bytes:
    return json.dumps(_described(operations, server), ensure_ascii=False).encode()


@cache
def _page(operations: tuple[Operation, ...], server: str, mark: str) -> bytes:
    api = _described(operations, server)
    tags: dict[str, list[dict[str, Any]]] = {}
    for path, methods in api["paths"].items():
        for method, one in methods.items():
            tags.setdefault(one["tags"][0], []).append({**one, "path": path, "method": method.upper()})
    return (
        _environment()
        .get_template("reference.html")
        .render(
            api=api,
            mark=mark,
            tags=tags,
            problems={code: problems.PROBLEMS[kind] for code, kind in by_code().items()},
            prose=_prose,
            form=_form,
            pretty=lambda value: json.dumps(value, indent=2, ensure_ascii=False),  # pyright: ignore[reportUnknownLambdaType]
        )
        .encode()
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _prose(text: str) -> Markup:
    """Paragraphs with code in backticks."""
    paragraphs = [part.replace("\n", " ").strip() for part in text.replace("``", "`").split("\n\n")]
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup(_CODE.sub(r"<code>\1</code>", str(escape(part)))))  # noqa: S704 - escaped before
        for part in paragraphs
        if part
    )


def _form(schema: dict[str, Any]) -> Markup:
    """A schema in a few words, with a link to a shape it names."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return Markup('<a href="#shape-{0}">{0}</a>').format(name)
    if "anyOf" in schema:
        return Markup(" or ").join(_form(one) for one in schema["anyOf"])
    if "enum" in schema:
        return Markup(", ").join(Markup("<code>{}</code>").format(one) for one in schema["enum"])
    kind = schema.get("type", "anything")
    if kind == "array":
        return Markup("list of ") + _form(schema.get("items", {}))
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return Markup("object of ") + _form(schema["additionalProperties"])
    said = [str(schema.get("format", kind))]
    if "minLength" in schema or "maxLength" in schema:
        said.append(f"of {schema.get('minLength', 0)} to {schema.get('maxLength', 'any number of')} characters")
    said += [f"{words} {schema[limit]}" for limit, words in (("minimum", "from"), ("maximum", "to")) if limit in schema]
    about = schema.get("description", "")
    return Markup("{}{}").format(" ".join(said), f". {about}" if about else "")
