"""An operator at work in a browser: four eyes, and a mistake in a text that is found without any script."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("browser")


def test_a_mistake_is_reached_by_its_link_without_script(visit):
    page = visit("operator", path="/operator/policies/base/edit", java_script_enabled=False)
    text = page.locator("#text")
    text.fill(text.input_value().replace("stage = 'cancelled'", "stadge = 'cancelled'", 1))
    with visit.watch.refusal(422), page.expect_navigation():
        page.locator("form.edit button.primary").click()
    link = page.locator(".error-summary a")
    expect(link).to_contain_text("did you mean 'stage'?")
    line = re.search(r"Line (\d+)", link.inner_text())[1]
    link.click()
    expect(page.locator(f"#L{line}:target")).to_contain_text("stadge")
    assert "stadge" in page.locator("#text").input_value()


def test_one_operator_writes_by_keyboard_and_the_other_answers(visit):
    page = visit("operator", path="/operator/policies/us")
    summary = page.locator("#value-window summary")
    summary.focus()
    page.keyboard.press("Enter")
    page.locator("#window-first_day").fill("2031-01-01")
    page.locator("#window-value").fill("1h")
    page.locator("#window-source").fill("Our notice of this test")
    page.locator("#window-source").press("Enter")
    page.wait_for_url("**/operator/drafts/*")
    expect(page.locator("#changes")).to_contain_text("1 hour from Wed 1 Jan 2031")
    page.locator("#submit button.primary").press("Enter")
    page.wait_for_url("**said=submitted")
    expect(page.locator("#answer")).to_contain_text("another operator has to approve it")
    other = visit("operator2", path=page.url.partition("?")[0])
    other.locator("#reason").fill("Ask the shops first.")
    other.locator("#answer button.danger").press("Enter")
    other.wait_for_url("**said=rejected")
    expect(other.get_by_role("main")).to_contain_text("Ask the shops first.")
