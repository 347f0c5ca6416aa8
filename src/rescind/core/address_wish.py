"""Whether a note plainly asks for another address, or for the one given to be checked, in English and Chinese.

Careful on purpose: a doubt is a no. Nothing follows from it alone. Whoever wrote the note is shown what was understood,
and says so with a box.
"""

from __future__ import annotations

import re

_APART = re.compile("[.!?;\n\u3002\uff01\uff1f\uff1b]+")

# What turns the meaning round or only supposes it. In English it stands before what it is about: "it is 14, not 41".
_NOT_BEFORE = re.compile(
    r"\b(?:not|never|no\s+need|without|don'?t|doesn'?t|didn'?t|won'?t|cannot|unless|if|whether|already)\b",
    re.IGNORECASE,
)
# The same of Chinese, and an address that no parcel goes to.
_NOT = re.compile(
    r"\b(?:e-?mail|billing|invoice|web|ip|return|your|shop'?s)\s+address"
    r"|不要|不用|不必|不需要|别|没错|无误|没问题|无需|如果|要是|假如|万一|已经"
    r"|邮箱地址|邮件地址|账单地址|发票地址|网址|店铺地址|退货地址|商家地址",
    re.IGNORECASE,
)
_TO = r"(?:(?:delivery|shipping|postal|street|home|my|the|this|our|recipient'?s?)\s+){0,3}"
_ASKS = re.compile(
    rf"\b(?:change|update|correct|fix|amend|edit|replace|check|verify|confirm|double-?check)\s+{_TO}(?:address|postcode"
    r"|zip(?:\s+code)?|house\s+number|street\s+name)\b"
    r"|\b(?:send|ship|deliver|post|forward)\s+(?:it|this|that|everything|them|(?:my|the|this)\s+(?:order|parcel|package))"
    r"\s+to\s+(?:another|a\s+different|a\s+new|my\s+new|my\s+work|my\s+office|the\s+following|this|the\s+new)\s+"
    r"(?:address|place|street)\b"
    r"|\b(?:new|different|another)\s+(?:delivery\s+|shipping\s+)?address\b.*\b(?:please|instead|is|:)"
    r"|\b(?:please|instead)\b.*\b(?:new|different|another)\s+(?:delivery\s+|shipping\s+)?address\b"
    r"|\b(?:gave|entered|typed|wrote|put|used|given|chose)\s+(?:you\s+)?(?:in\s+)?(?:the|a|my)\s+(?:wrong|old|incorrect)"
    r"\s+(?:delivery\s+|shipping\s+)?address\b"
    rf"|\b{_TO}address\s+(?:is|was)\s+(?:wrong|incorrect|outdated|old|incomplete|misspelled|misspelt|out\s+of\s+date)\b"
    r"|\bwrong\s+(?:delivery\s+|shipping\s+)?address\b"
    r"|\bwe(?:'ve|\s+have)?\s+moved\b.*\baddress\b|\bi(?:'ve|\s+have)?\s+moved\b.*\baddress\b"
    r"|(?:修改|更改|改一下|改下|改个|换一下|换个|更换|变更|更新|核对|核实|确认|检查|改).{0,8}?(?:地址|门牌|邮编)"
    r"|(?:地址|门牌号?|邮编).{0,8}?(?:错|不对|有误|不全|要改|需要改|改成|改为|改到|换成|换为|变了|过期)"
    r"|(?:寄|发|送|配送|投递)(?:到|去|往).{0,6}?(?:新|另|其他|其它|别的|以下|下面).{0,4}?地址",
    re.IGNORECASE,
)


def asks_for_address(text: str) -> bool:
    """Whether these words plainly want the parcel to go elsewhere, or somebody to look whether it goes right."""
    return any(_plain(part) for part in _APART.split(text))


def _plain(part: str) -> bool:
    asked = _ASKS.search(part)
    return asked is not None and not _NOT.search(part) and not _NOT_BEFORE.search(part[: asked.end()])
