"""Takes the pictures in docs/screens: the demo marketplace as each person sees it, in Debian's Chromium.

`make screens` runs it on purpose, after a change of the pages; the pictures are committed. The demo opens with the
same orders in the same states every time, so a picture changes when its page does; only the day on it is today's.
"""

import base64
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
# The program is started as the browser's tests start it.
sys.path[:0] = [str(CHECKOUT / "src"), str(CHECKOUT / "tests")]

from playwright.sync_api import sync_playwright  # noqa: E402

from web.browser.conftest import FLAGS, LOCALES  # noqa: E402
from web.browser.program import Program  # noqa: E402

FOLDER = CHECKOUT / "docs" / "screens"
MOST, MOST_BYTES, QUALITY = 16, 1_500_000, 82
WIDE, PHONE = (1280, 860), (360, 760)
WAITS, HELD, REFUNDED = "RM-20312", "RM-20426", "RM-20324"
"""Orders of the demo's first buyer: one whose seller is asked, one still on hold, one that was paid back."""

Step = Callable[[Any], object]


@dataclass(frozen=True)
class Picture:
    """One file, named page-language-width: who looks, where, and what they do before the picture is taken."""

    name: str
    role: str
    path: str
    steps: tuple[Step, ...] = ()
    lang: str = "en"
    size: tuple[int, int] = WIDE


def press(selector: str) -> Step:
    """Follow a link or press a button."""
    return lambda page: page.locator(selector).first.click()


def tick(page: Any) -> None:
    """Tick the first two requests."""
    for box in page.locator("tr[data-row] input[type=checkbox]").all()[1:3]:
        box.check()


ORDER, CANCEL, REQUEST = press(".order-card h2 a"), press("#status a[href$='/cancel']"), press("#status a.primary")
REASON, OPEN = press("label[for=reason-changed_mind]"), press("[data-key=a]")
PICTURES = (
    Picture("start-en-1280.webp", "", "/"),
    Picture("buyer-orders-en-1280.webp", "buyer", "/orders"),
    Picture("buyer-order-en-1280.png", "buyer", f"/orders?q={HELD}", (ORDER,), size=(1280, 1000)),
    Picture("buyer-cancel-en-1280.webp", "buyer", f"/orders?q={HELD}", (ORDER, CANCEL, REASON), size=(1280, 1760)),
    Picture("buyer-request-en-1280.webp", "buyer", f"/orders?q={WAITS}", (ORDER, REQUEST), size=(1280, 1000)),
    Picture("buyer-refund-zh-1280.webp", "buyer", f"/orders?q={REFUNDED}", (ORDER,), "zh", (1280, 1000)),
    Picture("buyer-order-en-360.webp", "buyer", f"/orders?q={WAITS}", (ORDER,), size=PHONE),
    Picture("buyer-cancel-zh-360.webp", "buyer", f"/orders?q={HELD}", (ORDER, CANCEL), "zh", PHONE),
    Picture("seller-board-en-1280.webp", "seller", "/seller/orders"),
    Picture("seller-queue-en-1280.webp", "seller", "/seller/requests", (tick,)),
    Picture("seller-answer-zh-1280.webp", "seller", f"/seller/requests?q={WAITS}", (OPEN,), "zh", (1280, 1000)),
    Picture("seller-stop-en-1280.webp", "seller", "/seller/orders?tab=cancelled", (press("tbody a.row-link"),)),
    Picture("seller-queue-en-360.webp", "seller", "/seller/requests", size=PHONE),
    Picture("support-cases-en-1280.webp", "support", "/support"),
    Picture(
        "support-order-en-1280.webp", "support", f"/support?q={WAITS}", (press("tbody a.row-link"),), size=(1280, 1000)
    ),
    Picture(
        "support-search-zh-1280.webp", "support", f"/support?q={WAITS}+{HELD}+{REFUNDED}", lang="zh", size=(1280, 640)
    ),
)


def take(program: Program, one: Picture, chromium: Any) -> bytes:
    """Go to a page as its person would, and give what the window shows."""
    width, height = one.size
    context = chromium.new_context(
        base_url=program.address,
        locale=LOCALES[one.lang],
        viewport={"width": width, "height": height},
        device_scale_factor=2 if one.size == PHONE else 1,
        reduced_motion="reduce",
    )
    page = context.new_page()
    if one.role:
        page.goto(program.links[one.role])
        page.locator("main form button").click()
        page.wait_for_url(lambda url: "/sign-in/" not in url)
    page.goto(one.path)
    for step in one.steps:
        step(page)
        page.wait_for_load_state()
    page.mouse.move(0, 0)
    page.evaluate("document.fonts.ready.then(() => true)")
    # Chromium packs the picture itself; the test library would give no WebP.
    session = context.new_cdp_session(page)
    kind = {"format": "webp", "quality": QUALITY} if one.name.endswith(".webp") else {"format": "png"}
    shot = session.send("Page.captureScreenshot", kind)
    context.close()
    return base64.b64decode(shot["data"])


def main() -> int:
    """Take all pictures anew; those of pages that are no more go. 1 when they are too many or too big."""
    with tempfile.TemporaryDirectory() as folder:
        program = Program(Path(folder)).start()
        try:
            with sync_playwright() as play:
                chromium = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS.split())
                shots = {one.name: take(program, one, chromium) for one in PICTURES}
                chromium.close()
        finally:
            program.stop()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.iterdir():
        if old.suffix in {".png", ".webp"} and old.name not in shots:
            old.unlink()
    for name, data in shots.items():
        (FOLDER / name).write_bytes(data)
        print(f"{len(data) / 1000:7.0f} kB  docs/screens/{name}")
    total = sum(map(len, shots.values()))
    print(f"{total / 1000:7.0f} kB  {len(shots)} pictures")
    return 0 if len(shots) <= MOST and total <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
