"""Whoever works here is shut out within a moment on every page that is open, because every page is told."""

import pytest

from postgres.market import KILN
from rescind.app import make_app
from rescind.web.routes import pages
from web.consoles import Person

_HOMES = {
    "seller": ("/seller", "/account"),
    "support": ("/support",),
    "operator": ("/operator", "/support", "/account"),
}


def _paths(role):
    """Every page of this role whose address needs nothing to be filled in, and one that is not there."""
    found = {
        route.path
        for route in pages().routes
        if "GET" in getattr(route, "methods", ()) and "{" not in route.path and route.path.startswith(_HOMES[role])
    }
    return sorted(found | {f"{_HOMES[role][0]}/nowhere"})


@pytest.mark.parametrize("role", _HOMES)
async def test_every_page_of_somebody_who_works_here_is_told_when_they_are_removed(desk, market, role):
    kit = await Person(make_app(desk)).sign_in(desk, role, "kit", shop_id=KILN if role == "seller" else None)
    paths = _paths(role)
    assert f"{_HOMES[role][0]}/notices/preferences" in paths or role == "operator"
    deaf = []
    for path in paths:
        page = await kit.see(path)
        if page.raw.startswith("<!doctype html>") and 'data-events="/live"' not in page.raw:
            deaf.append((page.status, path))
    assert deaf == []
