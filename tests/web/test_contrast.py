"""Every ink can be read on every ground it stands on, in light and in dark (A11Y-04)."""

import re
from pathlib import Path

import pytest

CSS = (Path(__file__).parents[2] / "src/rescind/web/static/rescind.css").read_text("utf-8")

TEXT = 4.5
CONTROL = 3.0

GROUNDS = ("paper", "card", "sunk")
PAIRS = [
    *(("ink", ground, TEXT) for ground in GROUNDS),
    *(("soft", ground, TEXT) for ground in GROUNDS),
    *(("act", ground, TEXT) for ground in (*GROUNDS, "act-wash")),
    *(("act-strong", ground, TEXT) for ground in (*GROUNDS, "act-wash")),
    *(("edge", ground, CONTROL) for ground in GROUNDS),
    ("on-act", "act", TEXT),
    ("on-act", "act-strong", TEXT),
    ("ink", "act-wash", TEXT),
    ("ink", "wait-wash", TEXT),
    ("soft", "act-wash", TEXT),
    ("paper", "ink", TEXT),
    *(
        (tone, ground, TEXT)
        for tone in ("calm", "wait", "urgent", "good")
        for ground in (f"{tone}-wash", "card", "paper")
    ),
    ("urgent", "sunk", TEXT),
    ("wait", "sunk", TEXT),
]


def tokens(scheme: str) -> dict[str, str]:
    light, dark = re.findall(r":root \{(.*?)\n\s*\}", CSS, re.DOTALL)[:2]
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        found |= dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_ink_on_its_ground(scheme, ink, ground, least):
    colours = tokens(scheme)
    assert contrast(colours[ink], colours[ground]) >= least


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_colour_of_the_palette_goes_unchecked(scheme):
    checked = {name for ink, ground, _ in PAIRS for name in (ink, ground)}
    assert set(tokens(scheme)) - checked == {"line"}  # hairlines separate, they say nothing


def test_dark_has_a_value_for_every_colour():
    light, dark = tokens("light"), tokens("dark")
    assert {name for name in light if light[name] == dark[name]} == set()


def test_colours_are_named_only_among_the_tokens():
    rules = CSS[CSS.index("/* Ground */") : CSS.index("@media print")]
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b", rules) == []
