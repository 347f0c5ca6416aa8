"""Withdrawing from the contract with the keyboard alone, from the order's page to the file (art. 11a)."""

import os
import re
from pathlib import Path

import pytest

from web.browser.conftest import in_turn

sync_api = pytest.importorskip("playwright.sync_api")
expect = sync_api.expect
pytestmark = pytest.mark.xdist_group("browser")

WORDS = {
    "en": ("Withdraw from contract here", "Confirm withdrawal", "Acknowledgement of receipt"),
    "zh": ("在此撤回合同", "确认撤回", "撤回声明的接收确认"),
}


@pytest.mark.parametrize("lang", in_turn("zh"))
@pytest.mark.parametrize("stage", ["preparing", "delivered"])
def test_a_contract_is_left_in_two_steps_by_keyboard(visit, marketplace, lang, stage):
    order = marketplace.place(stage, buyer=f"withdraws-{stage}-{lang}", country="DE")
    page = visit(f"buyer:{order.buyer}", lang, order.page)
    here, confirm, receipt = WORDS[lang]
    page.get_by_role("link", name=here).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/withdrawal$"))
    page.locator("#name").focus()
    page.keyboard.type("Anna Schmidt")
    page.keyboard.press("Tab")
    page.keyboard.type("anna.schmidt@example.org")
    _shoot(page, f"statement-{stage}-{lang}")
    page.get_by_role("button", name=confirm).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/withdrawals/"))
    expect(page.locator("h1")).to_contain_text(receipt)
    expect(page.locator("#statement")).to_contain_text("Anna Schmidt")
    _shoot(page, f"acknowledgement-{stage}-{lang}")
    with page.expect_download() as saved:
        page.locator("#received a.primary").focus()
        page.keyboard.press("Enter")
    text = Path(saved.value.path()).read_text("utf-8")
    assert order.number in text
    assert "anna.schmidt@example.org" in text
    page.goto(order.page)
    expect(page.locator("#withdrawal a").first).to_have_attribute("href", re.compile("/withdrawals/"))
    _shoot(page, f"order-{stage}-{lang}")


def _shoot(page, name):
    if folder := os.environ.get("SHOTS"):
        for width in (1280, 360):
            page.set_viewport_size({"width": width, "height": 900})
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})
