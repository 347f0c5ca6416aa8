"""Files on pages: what a form brings along, and giving a file to those of its case.

What was chosen is kept at once, so that a form which comes back with something to put right has it still: it is named
beside the field, and named by the command when the form is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from litestar import Response, get
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.conversation import Audience, Side
from rescind.core.errors import EvidenceFull, FileRefused, InvalidField, Unavailable
from rescind.core.evidence import EvidenceRef, Home, shop_at
from rescind.core.exhibits import Exhibit, exhibits
from rescind.core.ids import canonical
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.ports import Fingerprint, Key
from rescind.core.record import Record
from rescind.locales import Locale
from rescind.postgres.evidence import Once
from rescind.web.audience_words import label
from rescind.web.session import Visit

SENT_AT_ONCE = 100 * 1024 * 1024
"""Most bytes of one form with files in it (UP-02)."""
MULTIPART = {"enctype": "multipart/form-data"}


@dataclass(frozen=True, slots=True)
class Tile:
    """A file as a page shows it. by: whose it is, in words."""

    id: str
    title: str
    kind: str
    size: str
    href: str
    by: str = ""
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Brought:
    """What came with a form. refs: for the command; tiles: to show with the form again; error: what is wrong."""

    refs: tuple[EvidenceRef, ...]
    tiles: tuple[Tile, ...]
    error: str = ""


async def brought(visit: Visit, home: Home, key: str = "") -> Brought:
    """The files of a form that was sent, those it named from before and those that are new. The form is known to be
    ours already.

    key: of a form that takes its files along to where they are read: sent again, it finds them there.
    """
    form = await visit.request.form()
    _ = visit.locale.gettext
    evidence = visit.desk.evidence
    ids = [one for one in form.getall("kept", []) if isinstance(one, str)]
    error = ""
    new = [one for one in form.getall("files", []) if isinstance(one, UploadFile)]
    for one in new:
        await one.seek(0)
        data = await one.read(evidence.limits.size + 1)
        if not data and not one.filename:
            continue  # A browser sends an empty part where nothing was chosen.
        try:
            if len(ids) >= evidence.limits.files:
                raise FileRefused(why="too_many_at_once", limit=evidence.limits.files)
            ids.append((await evidence.keep(home, visit.person, data, once=_once(visit, home, key, data))).ref.id)
        except FileRefused as refusal:
            error = error or said(visit.locale, refusal)
        except EvidenceFull:
            full = _("For this order no more files can be sent. Tell the rest in words.")
            if not home.startswith("ord_"):
                full = _("No more files can be sent here today. Tell the rest in words.")
            error = error or full
        except Unavailable:
            error = error or _("The file could not be kept. Try again in a moment.")
    ids = list(dict.fromkeys(ids))
    try:
        refs = await evidence.named(home, visit.person, ids)
    except FileRefused as refusal:
        refs, error = (), error or said(visit.locale, refusal)
    except InvalidField:
        refs, error = (), error or _("A file is not there any more. Choose it again.")
    return Brought(refs, tuple(tile(visit.locale, home, ref) for ref in refs), error)


def _once(visit: Visit, home: Home, key: str, data: bytes) -> Once | None:
    """What makes a file of a form that is sent again a repeat: the form's key and the file itself."""
    if not key:
        return None
    found = sha256(data)
    name = f"{key[:200]} {found.hexdigest()}"
    return Once(
        Key(shop=shop_at(home), principal=visit.person.by, route="page:files", key=name), Fingerprint(found.digest())
    )


def said(locale: Locale, refusal: FileRefused) -> str:
    """Why a file cannot be used, and what to do."""
    words = locale.pgettext("file", str(refusal.params["why"]))
    return words % {"limit": refusal.params.get("limit", "")}


def tile(locale: Locale, home: Home, ref: EvidenceRef, by: str = "", at: Instant | None = None) -> Tile:
    """A file as a page shows it."""
    _ = locale.gettext
    kinds = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WebP", "application/pdf": "PDF"}
    return Tile(
        id=ref.id,
        title=_("Photo") if ref.picture else _("Document"),
        kind="photo" if ref.picture else "document",
        size=f"{kinds[ref.type]} · {_size(locale, ref.size)}",
        href=f"/evidence/{home}/{ref.id}",
        by=by,
        at=at,
    )


def _size(locale: Locale, count: int) -> str:
    if count < 1024 * 1024:
        return f"{locale.number(max(1, round(count / 1024)))} KB"
    return f"{locale.number(round(count / 1024 / 1024, 1))} MB"


def wall(locale: Locale, order: Order, records: Iterable[Record], reader: str, about: str = "") -> list[Tile]:
    """The files of an order, or of one request or case of it, for one reader."""
    return tiles(locale, order.id, exhibits(records, about), reader)


def tiles(locale: Locale, home: Home, shown: Iterable[Exhibit], reader: str) -> list[Tile]:
    """Files with whose they are, for one reader. home: where they are asked for."""
    return [tile(locale, home, one.ref, _whose(locale, one, reader), one.at) for one in shown]


def _whose(locale: Locale, one: Exhibit, reader: str) -> str:
    whose = locale.gettext("Yours") if one.by.value == reader else locale.term("actor", one.by.value)
    if one.audience is Audience.EVERYONE:
        return whose
    side: Side = "buyer" if reader == "buyer" else "seller" if reader == "seller" else "platform"
    return f"{whose} · {label(locale, side, one.audience)}"


def field(visit: Visit, kept: Sequence[Tile] = (), error: str = "", *, wanted: bool = False) -> dict[str, Any]:
    """What ``ui.files`` shows."""
    limits = visit.desk.evidence.limits
    return {"kept": kept, "error": error, "wanted": wanted, "mib": limits.mib, "most": limits.files}


@get("/evidence/{home_id:str}/{evidence_id:str}")
async def file(visit: NamedDependency[Visit], home_id: FromPath[str], evidence_id: FromPath[str]) -> Response[bytes]:
    """One file, for those of its case or conversation. Raises NotFound for a missing and a foreign one alike."""
    visit.require("buyer", "seller", "support", "operator")
    home = await _home(visit, home_id)
    shown = await visit.desk.evidence.show(home, visit.person, canonical("evd", evidence_id))
    return Response(shown.data, media_type=shown.ref.type, status_code=HTTPStatus.OK, headers=dict(shown.headers))


async def _home(visit: Visit, name: str) -> Home:
    """What a file was sent for, seen through the reader's own scope. Raises NotFound."""
    if name.startswith("cnv_"):
        return await visit.desk.conversations.home(visit.person, canonical("cnv", name))
    if name.startswith("shp_"):
        return (await visit.desk.reads.shop(canonical("shp", name))).id
    return (await visit.desk.reads.order(visit.scope, name)).order.id


ROUTES = (file,)
