"""What MkDocs has to be told: pages that stand outside docs/, how they are linked to, and where Chinese words end."""

from __future__ import annotations

import json
import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {
    "CONTRIBUTING.md": "contributing.md",
    "README.md": "rescind.md",
    "README.zh-CN.md": "zh/rescind.md",
    "clients/python/README.md": "clients/python.md",
    "src/rescind/demo/CREDITS.md": "credits.md",
    "src/rescind/web/static/VENDORED.md": "vendored.md",
    "src/rescind/web/static/mark.svg": "mark.svg",
}
"""Files of the checkout, and where they stand in the site."""
DEPLOY = {f"deploy/{file.name}": f"deploy/{file.name}.md" for file in sorted((ROOT / "deploy").iterdir())}
"""What is put on a machine: a page each, with the file to be copied."""
_SHOWN_AS = {".conf": "nginx", ".yaml": "yaml", ".service": "ini", ".timer": "ini", ".env": "ini"}
_LINK = re.compile(
    r"(?P<image>!?)\[(?P<words>[^\]]*)\]\((?!https?:|mailto:|/|#)(?P<path>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)"
)

_LABELS = re.compile(r'^msgstr "([\u4e00-\u9fff]{2,3})"$', re.MULTILINE)
_MORE = (
    "安装|备份|表格|部署|成员|导入|导出|代理|登录|端口|服务商|服务器|恢复|防火墙|还原|客服|扣款|链接|命令|模板|迁移"
    "|签名|上线|升级|授权|试用|输出|数据|搬迁|通行|网站|文件|页面|验证|邀请|域名|运营|账号|证书|支付|终端|字段"
)
"""Words of our pages that no label of the program is."""


def on_files(files: Files, config: Any) -> Files:
    """Add what stands outside."""
    for place, name in OUTSIDE.items():
        files.append(File.generated(config, name, content=(ROOT / place).read_text("utf-8")))
    for place, name in DEPLOY.items():
        shown = f"# {place}\n\n```{_SHOWN_AS.get(Path(place).suffix, '')}\n{(ROOT / place).read_text('utf-8')}```\n"
        files.append(File.generated(config, name, content=shown))
    listed = "\n".join(f"* [{place}]({Path(name).name})" for place, name in DEPLOY.items())
    files.append(File.generated(config, "deploy/README.md", content=f"# What is put on a machine\n\n{listed}\n"))
    return files


def on_page_markdown(markdown: str, page: Any, **_: object) -> str:
    """Let links lead where their page is in the site. What is in no page of it, such as code, is told plain."""
    named = OUTSIDE | DEPLOY
    here = next((place for place, name in named.items() if name == page.file.src_uri), f"docs/{page.file.src_uri}")

    def link(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(here), found["path"]))
        name = named.get(target, target.removeprefix("docs/") if target.startswith("docs/") else "")
        if target == "deploy":
            name = "deploy/README.md"
        elif (ROOT / target).is_dir():
            name = f"{name}/README.md" if name and (ROOT / target / "README.md").is_file() else ""
        if not name:
            return found["words"]
        away = posixpath.relpath(name, posixpath.dirname(page.file.src_uri) or ".")
        return f"{found['image']}[{found['words']}]({away}{found['anchor'] or ''})"

    return _LINK.sub(link, _further_in(markdown))


def _further_in(markdown: str) -> str:
    """What belongs to a step stands three columns in and may end where the next begins, as code hosts read it.

    MkDocs wants four and a line between, or the list ends.
    """
    lines: list[str] = []
    inside = False
    for line in markdown.split("\n"):
        step = bool(re.match(r"\d+\. ", line))
        if step and inside and lines[-1].startswith(" "):
            lines.append("")
        inside = step or (inside and (not line or line.startswith(" ")))
        lines.append(f" {line}" if inside and line.startswith("   ") else line)
    return "\n".join(lines)


def on_page_context(context: Any, page: Any, config: Any, **_: object) -> Any:
    """Let the theme say around a page what it says, and which language it is, in the page's own."""
    config.theme["language"] = "zh" if page.file.src_uri.startswith("zh/") else "en"
    return context


def on_post_build(config: Any) -> None:
    """Let Chinese be searched: it has no spaces between its words, so what is looked for is set apart for the index.

    The theme reads a space of no width so. It finds what begins like the words that are asked for, so a word within a
    sentence has to begin one; words are those of the program's own labels.
    """
    labels = _LABELS.findall((ROOT / "src" / "rescind" / "locales" / "zh.po").read_text("utf-8"))
    words = re.compile("|".join(sorted({*labels, *_MORE.split("|")}, key=len, reverse=True)))
    place = Path(config.site_dir) / "search" / "search_index.json"
    index = json.loads(place.read_text("utf-8"))
    for page in index["docs"]:
        for member in ("title", "text"):
            page[member] = words.sub("\u200b\\g<0>\u200b", page[member])
    place.write_text(json.dumps(index, ensure_ascii=False, separators=(",", ":")), "utf-8")
