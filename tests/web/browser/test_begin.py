"""The first page of an empty marketplace in a real browser: what it offers before anybody has chosen."""

import asyncio
import socket

from rescind.app import make_app
from rescind.serving import Server
from web.browser.conftest import CHROMIUM, FLAGS, need_chromium


async def test_the_zone_is_the_readers_then_the_policys_then_the_one_that_was_chosen(desk):
    need_chromium()
    from playwright.async_api import async_playwright  # noqa: PLC0415  left out with Chromium

    server = Server(make_app(desk))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        async with async_playwright() as play:
            browser = await play.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
            page = await browser.new_page(timezone_id="Asia/Shanghai", locale="zh-CN")
            address = f"http://127.0.0.1:{bound.getsockname()[1]}"
            await page.goto(address + desk.beginning.address.removeprefix(desk.base_url))
            zone, preset = page.locator("#zone"), page.locator("#preset")
            offered = [await zone.input_value()]
            for one in ("eu", "cross-border", "base"):
                await preset.select_option(one)
                offered.append(await zone.input_value())
            assert offered == ["Asia/Shanghai", "Europe/Berlin", "Asia/Singapore", "Asia/Shanghai"]
            await zone.select_option("Asia/Urumqi")
            await preset.select_option("us")
            assert await zone.input_value() == "Asia/Urumqi"
            await browser.close()
        server.should_exit = True
        await serving
