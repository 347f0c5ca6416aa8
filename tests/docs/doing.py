"""Somebody who does what a page says: a shell in an empty folder, a program that stays open, windows of a browser."""

import base64
import hashlib
import hmac
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from docs.reading import Commands, says
from web.browser.conftest import LOCALES

ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")
WITHIN_S = 60
_DONE = "--- the block has ended ---"
_FILLED_IN = re.compile(r"^(export \w+=)(\w+_)…$", re.MULTILINE)
_DOES = (
    ("open", re.compile(r"the address that was printed(?P<apart> in a private window)?")),
    ("open", re.compile(r"(?P<apart>在无痕窗口中)?打开终端中输出的地址")),
    ("back", re.compile(r"Back in your own window|回到自己的窗口")),
    ("write", re.compile(r"`(?P<words>[^`]+)` into \*\*(?P<field>[^*]+)\*\*")),
    ("write", re.compile(r"在 \*\*(?P<field>[^*]+)\*\* 中填写 `(?P<words>[^`]+)`")),
    ("code", re.compile(r"(?:the code that it shows into|把验证码填入) \*\*(?P<field>[^*]+)\*\*")),
    ("choose", re.compile(r"[Cc]hoose `(?P<words>[^`]+)` for \*\*(?P<field>[^*]+)\*\*")),
    ("choose", re.compile(r"在 \*\*(?P<field>[^*]+)\*\* 中选择 `(?P<words>[^`]+)`")),
    ("press", re.compile(r"(?:[Pp]ress|then|点击) \*\*(?P<words>[^*]+)\*\*")),
    ("see", re.compile(r"(?:[Yy]ou see|,|and|看到|、|和) ?\*(?P<words>[^*]+)\*")),
)
"""What the pages let people do, in both languages."""


class Reader:
    """What a page says is done here, and what it promises is looked at. meant: the address that the page assumes.

    language: of the terminal and the browser.
    """

    def __init__(self, folder: Path, browser, meant: str, language: str = "en") -> None:
        self._folder = folder
        self._browser = browser
        self._locale = LOCALES[language]
        self._meant = meant
        self._address = meant
        self._kept_open: list[subprocess.Popen[bytes]] = []
        self._windows: list = []
        self.read = ""
        """All that was printed or shown so far."""
        own = {name: value for name, value in os.environ.items() if not name.startswith(("RESCIND_", "DATABASE_"))}
        self._environ = {
            **own,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LANG": f"{self._locale.replace('-', '_')}.UTF-8",
        }
        self._shell = subprocess.Popen(
            ["bash"],
            cwd=folder,
            env=self._environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    # --- commands ----------------------------------------------------------------------------------------------------

    def run(self, block: Commands) -> None:
        """Type a block, and compare the answer with what the page shows."""
        answer = self._stays_open(block) if block.alone else self._typed(block.text)
        self.read += answer
        shown = block.answer.replace(self._meant, self._address)
        assert says(answer, shown), f"{block.text}\nsays:\n{answer}\nand not:\n{shown}"

    def _typed(self, text: str) -> str:
        text = _FILLED_IN.sub(lambda one: one[1] + self._seen(one[2]), text.replace(self._meant, self._address))
        stdin, stdout = self._shell.stdin, self._shell.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(f"{text}\necho '{_DONE}' $?\n")
        stdin.flush()
        said = ""
        for line in stdout:
            if line.startswith(_DONE):
                assert line.removeprefix(_DONE).strip() == "0", f"{text}\nended with{line.removeprefix(_DONE)}{said}"
                return said
            said += line
        raise AssertionError(f"the shell ended: {said}")

    def _stays_open(self, block: Commands) -> str:
        log = self._folder / ".terminal"
        with log.open("wb") as to:
            process = subprocess.Popen(
                ["bash", "-c", re.sub(r"(?m)^(?=rescind )", "exec ", block.text)],
                cwd=self._folder,
                env=self._environ,
                stdout=to,
                stderr=subprocess.DEVNULL,
            )
        self._kept_open.append(process)
        lines = len(block.answer.splitlines())
        deadline = time.monotonic() + WITHIN_S
        while len((said := log.read_text()).splitlines()) < lines:
            assert process.poll() is None, f"{block.text} ended: {said}"
            assert time.monotonic() < deadline, f"{block.text} says no more than: {said}"
            time.sleep(0.05)
        self._address = ADDRESS.search(said)[0]
        return said

    def _seen(self, prefix: str) -> str:
        """What was shown last and begins so, as somebody would copy it."""
        return re.findall(rf"\b{prefix}[\w-]+", self.read)[-1]

    # --- a browser ---------------------------------------------------------------------------------------------------

    def do(self, sentence: str) -> None:
        """What one sentence says. What is marked in it and not understood is an error of the page."""
        found = sorted(((one.start(), kind, one) for kind, form in _DOES for one in form.finditer(sentence)), key=first)
        rest = sentence
        for _, kind, one in found:
            rest = rest.replace(one[0], "", 1)
            try:
                self._do(kind, one.groupdict())
            except Exception as error:
                shown = self._page.inner_text("body") if self._windows else ""
                raise AssertionError(f"{sentence}\nThe page shows:\n{shown}") from error
        assert not set("*`") & set(rest), f"what is to be done is not clear: {sentence}"

    def _do(self, kind: str, step: dict[str, str | None]) -> None:
        match kind:
            case "open":
                if not self._windows or step["apart"]:
                    window = self._browser.new_context(base_url=self._address, locale=self._locale)
                    self._windows.append(window.new_page())
                    self._page.set_default_timeout(15_000)
                self._page.goto(re.findall(r"https?://[^\s：]+/\S+", self.read)[-1])
            case "back":
                self._windows.append(self._windows.pop(0))
            case "write":
                self._page.get_by_label(step["field"], exact=True).fill(step["words"])
            case "code":
                self._page.locator("details summary").first.click()
                seed = re.search(r"\b[A-Z2-7]{4}(?: [A-Z2-7]{4})+\b", self._page.inner_text("main"))[0]
                self._page.get_by_label(step["field"], exact=True).fill(_code(seed))
            case "choose":
                self._page.get_by_label(step["field"], exact=True).select_option(label=step["words"])
            case "press":
                self._press(step["words"])
            case _:
                self._page.get_by_text(step["words"]).filter(visible=True).first.wait_for()
        self.read += self._page.inner_text("body") + "\n"

    @property
    def _page(self):
        return self._windows[-1]

    def _press(self, name: str) -> None:
        page = self._page
        for found in (
            page.get_by_role("button", name=name, exact=True),
            page.get_by_role("link", name=name, exact=True),
            page.get_by_role("link", name=name),
            page.get_by_text(name, exact=True),
        ):
            if found.count():
                found.first.click()
                page.wait_for_load_state()
                return
        raise AssertionError(f"there is no {name}")

    def close(self) -> None:
        """End what was begun."""
        for window in self._windows:
            window.context.close()
        assert self._shell.stdin is not None
        self._shell.stdin.close()
        self._shell.wait(WITHIN_S)
        for process in self._kept_open:
            process.send_signal(signal.SIGTERM)
            process.wait(WITHIN_S)


def first(found: tuple) -> int:
    """Where it stands."""
    return found[0]


def _code(seed: str) -> str:
    """What an authenticator app shows now (RFC 6238)."""
    text = seed.replace(" ", "")
    key = base64.b32decode(text + "=" * (-len(text) % 8))
    told = hmac.digest(key, int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1)
    at = told[-1] & 15
    return f"{(int.from_bytes(told[at : at + 4], 'big') & 0x7FFFFFFF) % 10**6:06}"
