"""Orders that come in, in a browser: a source that is made, sends nonsense and is answered; a file that is put in."""

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from standardwebhooks.webhooks import Webhook

pytestmark = pytest.mark.xdist_group("browser")

HEADER = "shop,order_number,buyer,currency,placed_at,item,quantity,unit_price,paid_at"


def test_an_operator_makes_a_source_and_says_what_becomes_of_what_it_sent(visit, program):
    page = visit("operator", path="/operator/set-up")
    page.get_by_role("link", name="Order sources").click()
    page.locator("#name").fill("journey")
    page.locator("#name").press("Enter")
    secret = page.locator(".made").first.inner_text().split()[0]
    body, sent_at = json.dumps({"type": "order.gone"}), datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", sent_at, body)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(sent_at.timestamp())),
        "webhook-signature": signature,
    }
    taken = page.request.post(
        f"{program.address}/v1/intake/journey", data=body, headers=headers | {"content-type": "application/json"}
    )
    assert taken.status == 200, taken.text()
    for _ in range(50):
        page.goto("/operator/sources/journey/msg_1")
        if page.locator("#ignore").count():
            break
        time.sleep(0.1)
    page.locator("#reason").fill("A trial of ours.")
    page.locator("#ignore button").press("Enter")
    page.wait_for_url("**said=ignored")
    expect(page.get_by_role("main")).to_contain_text("A trial of ours.")
    page.locator(".crumb").click()
    expect(page.get_by_role("main")).not_to_contain_text("Try all of them again")


def test_an_operator_puts_in_a_file_once_what_it_would_do_was_seen(visit, marketplace):
    shop = marketplace.read("/v1/shops?limit=1")["rows"][0]["id"]
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    rows = [HEADER, f"{shop},J-1,ann,GBP,{at},MUG,1,9.95,{at}", f"{shop},J-2,ann,GBP,{at},MUG,1,x,{at}"]
    page = visit("operator", path="/operator/imports")
    file = {"name": "journey.csv", "mimeType": "text/csv", "buffer": "\n".join(rows).encode()}
    page.locator("#file").set_input_files(file)
    page.locator("#put-in button").click()
    page.wait_for_url("**/operator/imports/imp_*")
    confirm = page.get_by_role("button", name="Put in")
    for _ in range(50):
        if confirm.count():
            break
        time.sleep(0.1)
        page.reload()
    expect(page.get_by_role("main")).to_contain_text("unit_price must be")
    confirm.first.click()
    for _ in range(50):
        page.goto("/support?q=J-1")
        if page.locator("#row-J-1, .row-link").count():
            break
        time.sleep(0.1)
    expect(page.locator(".row-link")).to_have_count(1)
    expect(page.locator(".row-link")).to_contain_text("J-1")
