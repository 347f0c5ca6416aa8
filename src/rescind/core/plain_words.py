"""What a message plainly says, in English and Chinese. Careful on purpose: a doubt is a no.

Nothing is decided by it. A wish to cancel puts a button beside the message, and the button opens the ordinary form; a
seller who asks the buyer to cancel is shown to support (R-038).
"""

from __future__ import annotations

import re

from rescind.core.conversation import Flag, Side

_APART = re.compile("[.!?;,\n\u3002\uff01\uff1f\uff1b\uff0c\u3001]+")

# What turns the meaning round, asks about it, or only supposes it.
_NOT = re.compile(
    r"\b(?:not|never|no|without|don'?t|doesn'?t|didn'?t|won'?t|cannot|can'?t|unless|if|whether|how|when|after"
    r"|policy|instead of|rather than|already|was|were|been)\b"
    r"|不|别|没|勿|未|如果|要是|假如|万一|是否|能否|能不能|可不可以|可以吗|怎么|如何|什么时候|已经|被|除非",
    re.IGNORECASE,
)
_WANTS = re.compile(
    r"\b(?:please|pls|kindly)\s+(?:just\s+)?cancel\b"
    r"|\bcancel\s+(?:it|this|that|(?:my|the|this|that)(?:\s+\w+)?\s+order|everything)\b.*\bplease\b"
    r"|\b(?:i|we)(?:'d|\s+would)\s+like\s+to\s+cancel\b"
    r"|\b(?:i|we)\s+(?:want|need|wish|have)\s+to\s+cancel\b"
    r"|\b(?:can|could|will|would)\s+you\s+(?:please\s+)?cancel\s+(?:it|my|the|this|that)\b"
    r"|^\s*cancel\s+(?:it|(?:my|the|this)\s+order)\s*$"
    r"|(?:请|麻烦|帮我|帮忙|我要|我想|我想要|需要|申请|要求).{0,6}?(?:取消|退单)"
    r"|^\s*取消(?:这个|该|此|我的)?订单(?:吧|谢谢)?\s*$",
    re.IGNORECASE,
)
# Of a buyer's "please cancel the invoice" or "取消预约", the order is not meant.
_OF_OTHERS = re.compile(
    r"cancel(?:ling)?\s+(?:the|my|this|your|that)\s+(?:\w+\s+)?(?:invoice|subscription|appointment|meeting|gift|discount"
    r"|coupon|account|request|cancel(?:l)?ation|return|dispute|claim|case|review|message|reply|pick-?up|collection)"
    r"|取消(?:发票|预约|收藏|关注|申请|优惠|红包|会员)"
    r"|取消(?:退款|退货|售后|投诉|差评|发货|配送|揽收|进度|结果|记录|状态|时间|原因|政策|规则|流程|按钮|通知|之前|前)",
    re.IGNORECASE,
)

# --- a seller who asks the buyer to cancel ---------------------------------------------------------------------------

_SENTENCES = re.compile("[.!?;\n\u3002\uff01\uff1f\uff1b]+")
_CLAUSES = re.compile(r"[,\uff0c\u3001\u2026]+|\b(?:so|therefore|but|because)\b", re.IGNORECASE)
# Somebody's words that are only repeated.
_QUOTED = re.compile(r"\u201c[^\u201d]*\u201d|\u300c[^\u300d]*\u300d|\u300e[^\u300f]*\u300f|\"[^\"]*\"")
# What comes before it in the sentence and only supposes it, or tells what somebody else said.
_SUPPOSES = re.compile(
    r"\b(?:if|unless|whether|in\s+case|should\s+you|once|when|whenever|after\s+you|how\s+to|as\s+soon\s+as)\b"
    r"|\b(?:you|message|mail|request|buyer|customer)\s+(?:wrote|said|says|asked|told|mentioned|wanted|reads)\b"
    r"|如果|要是|假如|万一|如需|若|的话|收到您|看到您|您说|您问",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:do(?:es)?\s+not|don'?t|never|no\s+need|needn'?t|need\s+not|must\s+not|mustn'?t|cannot|can'?t|won'?t|not"
    r"|without|instead\s+of|rather\s+than)\b(?:\s+\w+){0,3}\s*$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"\b(?:please|pls|kindly)\s+(?:just\s+|simply\s+|go\s+ahead\s+and\s+|first\s+)?cancel\b"
    r"|\b(?:please|pls|kindly)\s+(?:request|apply\s+for|file|submit|send|open)\s+(?:a|the|for|us)?\s*cancel(?:l)?ation\b"
    r"|\b(?:please|pls|kindly)\b.{0,60}?\b(?:and|then)\s+(?:press\s+)?cancel\b"
    r"|\b(?:press|tap|click|choose)\s+cancel\b.{0,20}?\b(?:please|pls)\b"
    r"|\b(?:can|could|will|would)\s+you\s+(?:please\s+|kindly\s+)?cancel\b"
    r"|\bwould\s+you\s+mind\s+cancel(?:l)?ing\b"
    r"|\b(?:i|we)(?:'d|\s+would|\s+must|\s+have\s+to)?\s+(?:like\s+to\s+)?(?:ask|beg|want|need)\s+you\s+to\s+cancel\b"
    r"|^\s*(?:just\s+)?cancel\s+(?:it|the\s+order|this\s+order|your\s+order)\b.{0,30}?\b(?:yourself|and\s+we)\b",
    re.IGNORECASE,
)
# Told as a duty; with a time behind it, it is the rule and not a wish: "you must cancel before we ship".
_DUTY = re.compile(
    r"\byou\s+(?:should|must|need\s+to|have\s+to)\s+(?:please\s+)?cancel\b"
    r"(?!.*\b(?:before|until|within|at\s+the\s+latest|by)\b)"
    r"|\bcancel\s+(?:it\s+|(?:the|this|your)\s+order\s+)?(?:yourself|on\s+your\s+(?:side|end))\b",
    re.IGNORECASE,
)
_OURS = r"我|给您|为您|帮您|替您|给你|为你|帮你|替你|客服|仓库|平台|同事|系统"
_ASKS_ZH = re.compile(
    rf"(?:(?<!申)请(?!问|放心|稍等|稍候)|麻烦|劳烦|辛苦|建议)(?:(?!{_OURS}).){{0,12}}?(?:取消|退单)"
    r"|需要(?:您|你)(?:(?!我).){0,6}?(?:取消|退单)"
    r"|(?:可以|能)帮忙(?:(?!我).){0,6}?(?:取消|退单)"
    r"|(?:您|你|亲)(?:这边|那边)?先?(?:自行|自己|主动|直接)(?:申请|点)?(?:一下)?(?:取消|退单)(?!了|的|后|吗|成功|失败)"
)
_DENIES_ZH = re.compile("不|别|没|勿|未|是否|能否|怎么|如何|已经|被|除非|请问")


def _asks_buyer(text: str) -> bool:
    """Whether a seller plainly wants the buyer to cancel: not us, not only if, and not as a rule that is explained."""
    return any(
        _asks_in(clause, sentence)
        for sentence in _SENTENCES.split(_QUOTED.sub(" ", text))
        for clause in _CLAUSES.split(sentence)
    )


def _asks_in(clause: str, sentence: str) -> bool:
    if _OF_OTHERS.search(clause):
        return False
    chinese = _ASKS_ZH.search(clause)
    asked = chinese or _ASKS.search(clause) or _DUTY.search(clause)
    if asked is None:
        return False
    before = clause[: asked.start()]
    if _SUPPOSES.search(sentence[: sentence.find(clause)] + clause[: asked.end()]):
        return False
    # In Chinese what denies stands inside: 请不要取消.
    return not (_DENIES_ZH.search(clause[: asked.end()]) if chinese else _DENIES.search(before))


def plainly(side: Side, text: str) -> Flag | None:
    """What a message of this side says without any doubt; None for everything else, and for the platform's own."""
    if side == "platform":
        return None
    if side == "seller":
        return Flag.ASKS_BUYER_TO_CANCEL if _asks_buyer(text) else None
    wants = any(
        _WANTS.search(part) and not _NOT.search(part) and not _OF_OTHERS.search(part) for part in _APART.split(text)
    )
    return Flag.WANTS_TO_CANCEL if wants else None
