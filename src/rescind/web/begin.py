"""The first page of an empty marketplace: who operates it, its first shop, its first key."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind import zones
from rescind.beginning import Begun, Wanted, markets
from rescind.core.errors import AddressBounces, InvalidField, InvalidText
from rescind.locales import LANGUAGE_NAMES
from rescind.policies import preset, presets
from rescind.web.session import Html, Visit, zone_of
from rescind.web.sign_in import field_errors, open_form

_Here = NamedDependency[Visit]


@get("/begin/{token:str}")
async def read(visit: _Here, token: FromPath[str]) -> Html:
    """The form; looking at it changes nothing."""
    await visit.desk.beginning.check(token)
    return _page(visit, token)


@post("/begin/{token:str}", status_code=HTTPStatus.OK)
async def begin(visit: _Here, token: FromPath[str]) -> Html:
    """Begin, and show the key this once."""
    form = await open_form(visit)
    await visit.desk.beginning.check(token)
    wanted = Wanted(
        name=form.get("name", ""),
        email=form.get("email", ""),
        shop=form.get("shop", ""),
        preset=form.get("preset", ""),
        zone=form.get("zone", ""),
        language=form.get("language", ""),
    )
    try:
        begun = await visit.desk.beginning.begin(wanted)
    except (InvalidField, InvalidText) as wrong:
        return _page(visit, token, form=form, errors=field_errors(visit.locale, wrong))
    except AddressBounces:
        return _page(
            visit, token, form=form, errors={"email": visit.locale.gettext("Mail to this address comes back.")}
        )
    return _page(visit, token, form=form, begun=begun)


ROUTES = (read, begin)


def _page(
    visit: Visit,
    token: str,
    *,
    form: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    begun: Begun | None = None,
) -> Html:
    language = visit.locale
    chosen = {"language": language.tag, "preset": "base", "zone": zone_of(visit.request) or "UTC"}
    values = {**dict.fromkeys(("name", "email", "shop"), ""), **chosen, **(form or {})}
    return visit.page(
        "staff/begin.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        live=False,
        token=token,
        begun=begun,
        errors=errors or {},
        values=values,
        chosen=form is not None,
        market=dict(markets(language)).get(values["preset"], ""),
        presets=markets(language),
        # A policy for any market has no zone of its own worth offering: the reader's is likelier.
        preset_zones=msgspec.json.encode({one: preset(one).zone for one in presets() if preset(one).region}).decode(),
        zones=[(one, one) for one in zones.offered()],
        languages=list(LANGUAGE_NAMES.items()),
    )
