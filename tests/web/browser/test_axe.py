"""Every page, role, state and language, wide and narrow, against the rules of axe-core."""

from importlib.resources import files

import pytest

from web.browser.places import BUYER, places

pytestmark = pytest.mark.xdist_group("browser")

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDTHS = (1280, 360)
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
# What axe cannot decide by itself, by its own words, and why it is no fault here.
UNDECIDED = {
    "partially obscured by another element": "tabs that scroll sideways in their own strip are cut by its edge; their "
    "colours are those of the wide page, where the same rule decides",
    "only non-text characters": "the minus sign before an amount has the colour of the amount beside it",
}
RUN = """async tags => {
  const found = await axe.run(document, {runOnly: tags, preload: false, resultTypes: ['violations', 'incomplete']})
  const short = rules => rules.flatMap(rule => rule.nodes.map(node =>
    [rule.id, node.html.slice(0, 200), [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')]))
  return {violations: short(found.violations), incomplete: short(found.incomplete)}
}"""
PEOPLE = {"nobody": "", "buyer": f"buyer:{BUYER}", "seller": "seller", "support": "support"}


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("role", PEOPLE)
def test_no_page_breaks_a_rule(visit, program, scene, role, lang):
    page = visit(PEOPLE[role], lang)
    page.context.add_init_script(AXE)
    found = []
    for place in places(role, scene, program):
        page.set_viewport_size({"width": WIDTHS[0], "height": 800})
        visit.watch.go(page, place)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            result = page.evaluate(RUN, TAGS)
            for rule, node, message in result["violations"]:
                found.append(f"{place.name}, {width}: {rule}: {message}: {node}")
            for rule, node, message in result["incomplete"]:
                if not any(words in message for words in UNDECIDED):
                    found.append(f"{place.name}, {width}: undecided {rule}: {message}: {node}")
    assert not found, "\n".join(found)
