"""Every page, role, state and language: the rules of axe-core wide and narrow, small screens, large text, targets."""

from importlib.resources import files

import pytest

from web.browser.places import PEOPLE, places

pytestmark = pytest.mark.xdist_group("browser")

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW, NARROWEST, TARGET = 1280, 360, 320, 24
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
# What axe cannot decide by itself, by its words and a part of the element, and why it is no fault here.
UNDECIDED = {
    ("partially obscured by another element", "tab="): "tabs that scroll sideways in their own strip are cut by its "
    "edge; their colours are those of the wide page, where the same rule decides",
    ("overlapped by another element", "progress"): "on a phone the words of the present step reach under the box of "
    "the next, which paints nothing",
    ("overlapped by another element", "<time"): "the same",
    ("only non-text characters", "money"): "the minus sign before an amount has the colour of the amount beside it",
}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("role", PEOPLE)
def test_no_page_shuts_anybody_out(visit, program, scene, role, lang):
    page = visit(PEOPLE[role], lang)
    page.context.add_init_script(AXE)
    faults = []
    for place in places(role, scene, program):

        def fault(*words: object, name: str = place.name) -> None:
            faults.append(": ".join(map(str, (name, *words))))

        page.set_viewport_size({"width": WIDE, "height": 800})
        visit.watch.go(page, place)
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 800})
            violations, undecided = page.evaluate("tags => look.rules(tags)", TAGS)
            for rule, node, message in violations:
                fault(width, rule, message, node)
            for rule, node, message in undecided:
                if not any(words in message and part in node for words, part in UNDECIDED):
                    fault(width, f"undecided {rule}", message, node)
        for target in page.evaluate("least => look.tooSmall(least)", TARGET):
            fault(NARROW, "smaller than a fingertip", target)
        # Half of the wide page: the same window at 200 %.
        for width in (NARROWEST, WIDE // 2):
            page.set_viewport_size({"width": width, "height": 640})
            for node in page.evaluate("look.tooWide()"):
                fault(width, "scrolls sideways", node)
        # The dense tables of the consoles are enlarged as a whole, which is the line above.
        if role in {"nobody", "buyer"}:
            page.set_viewport_size({"width": WIDE, "height": 800})
            page.evaluate("look.doubleText()")
            for node in page.evaluate("look.tooWide()"):
                fault("twice the text", "scrolls sideways", node)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", ["buyer", "seller", "support"])
def test_pages_hold_in_forced_colours_and_without_motion(visit, program, scene, role):
    page = visit(PEOPLE[role], forced_colors="active", reduced_motion="reduce")
    for place in places(role, scene, program):
        visit.watch.go(page, place)
        assert page.evaluate("look.moving()") == 0, f"{place.name} moves"
        bare = page.evaluate("look.borderless('.pill, .button:not(.quiet)')")
        assert bare == [], f"{place.name}: nothing but colour shows where these end"
