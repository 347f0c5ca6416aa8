"""Every page, role, state and language: the rules of axe-core wide and narrow, small screens, large text, targets."""

from importlib.resources import files

import pytest

from web.browser.places import PEOPLE, places

pytestmark = pytest.mark.xdist_group("browser")

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDE, NARROW, NARROWEST, TARGET = 1280, 360, 320, 24
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
# What axe cannot decide by itself, by its own words, and why it is no fault here.
UNDECIDED = {
    ("partially obscured by another element", "tab="): "tabs that scroll sideways in their own strip are cut by its "
    "edge; their colours are those of the wide page, where the same rule decides",
    (
        "overlapped by another element",
        "progress",
    ): "on a phone the words of the present step reach under the box of the next, which paints nothing",
    ("overlapped by another element", "<time"): "the same",
    ("only non-text characters", "money"): "the minus sign before an amount has the colour of the amount beside it",
}
RUN_AXE = """async tags => {
  const found = await axe.run(document, {runOnly: tags, preload: false, resultTypes: ['violations', 'incomplete']})
  const short = rules => rules.flatMap(rule => rule.nodes.map(node =>
    [rule.id, node.html.slice(0, 200), [...node.any, ...node.all, ...node.none].map(check => check.message).join('; ')]))
  return [short(found.violations), short(found.incomplete)]
}"""
WIDER_THAN_THE_SCREEN = """() => {
  const root = document.documentElement
  if (root.scrollWidth <= root.clientWidth) return []
  const out = [...document.body.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > root.clientWidth + 1)
  return out.slice(0, 3).map(one => one.outerHTML.slice(0, 120))
}"""
# Inline links are left out, as the standard does; a choice is pressed anywhere in its row.
SMALL_TARGETS = """least => [...document.querySelectorAll('a[href], button, input, select, textarea, summary')].filter(one => {
  if (!one.checkVisibility({visibilityProperty: true}) || one.closest('.visually-hidden, .skip')) return false
  const boxes = [one, ...one.closest('.choice') ? [one.closest('.choice')] : []].map(part => part.getBoundingClientRect())
  const size = side => Math.max(...boxes.map(box => box[side]))
  const inSentence = getComputedStyle(one).display === 'inline' && one.closest('p, li, dd, td')?.textContent.trim() !== one.textContent.trim()
  return !inSentence && (size('width') < least - 0.5 || size('height') < least - 0.5)
}).map(one => one.outerHTML.slice(0, 160))"""
# As a reader does who enlarges the text alone. The dense tables of the consoles are enlarged as a whole.
DOUBLE_THE_TEXT = """() => {
  const all = [...document.body.querySelectorAll('*')].map(one => [one, getComputedStyle(one)])
  for (const [one, style, size = style.fontSize, line = style.lineHeight] of all) one.dataset.was = `${size} ${line}`
  for (const [one] of all) {
    const [size, line] = one.dataset.was.split(' ').map(parseFloat)
    one.style.fontSize = `${size * 2}px`
    if (line) one.style.lineHeight = `${line * 2}px`
  }
}"""


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
            violations, undecided = page.evaluate(RUN_AXE, TAGS)
            for rule, node, message in violations:
                fault(width, rule, message, node)
            for rule, node, message in undecided:
                if not any(words in message and part in node for words, part in UNDECIDED):
                    fault(width, f"undecided {rule}", message, node)
        for target in page.evaluate(SMALL_TARGETS, TARGET):
            fault(NARROW, "smaller than a fingertip", target)
        # Half of the wide page: the same window at 200 %.
        for width in (NARROWEST, WIDE // 2):
            page.set_viewport_size({"width": width, "height": 640})
            for node in page.evaluate(WIDER_THAN_THE_SCREEN):
                fault(width, "scrolls sideways", node)
        if role in {"nobody", "buyer"}:
            page.set_viewport_size({"width": WIDE, "height": 800})
            page.evaluate(DOUBLE_THE_TEXT)
            for node in page.evaluate(WIDER_THAN_THE_SCREEN):
                fault("twice the text", "scrolls sideways", node)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("role", ["buyer", "seller", "support"])
def test_pages_hold_in_forced_colours_and_without_motion(visit, program, scene, role):
    page = visit(PEOPLE[role], forced_colors="active", reduced_motion="reduce")
    for place in places(role, scene, program):
        if place.status != 200:
            continue
        visit.watch.go(page, place)
        assert page.evaluate("document.getAnimations().filter(one => one.effect.getTiming().duration > 1).length") == 0
        for kind in (".pill", ".button:not(.quiet)"):
            bare = page.locator(kind).evaluate_all(
                "all => all.filter(one => one.checkVisibility() && parseFloat(getComputedStyle(one).borderTopWidth) < 1)"
                ".map(one => one.outerHTML)"
            )
            assert bare == [], f"{place.name}: nothing but colour shows where these end"
