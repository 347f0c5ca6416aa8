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
_ASKS = re.compile(
    r"\b(?:please|pls|kindly)\s+(?:just\s+|go\s+ahead\s+and\s+)?cancel\b"
    r"|\b(?:please|pls|kindly)\s+(?:request|apply\s+for|file|submit)\s+(?:a|the|for)?\s*cancel(?:l)?ation\b"
    r"|\b(?:can|could|will|would)\s+you\s+(?:please\s+|kindly\s+)?cancel\b"
    r"|\byou\s+(?:should|must|need\s+to|have\s+to)\s+cancel\b"
    r"|\bcancel\s+(?:it\s+|(?:the|this|your)\s+order\s+)?(?:yourself|on\s+your\s+(?:side|end))\b"
    r"|(?:请|麻烦|劳烦|烦请|建议|需要)(?:(?!我).){0,10}?(?:取消|退单)"
    r"|(?:您|你|亲).{0,4}?(?:申请|点|自行|自己|主动)(?:一下)?.{0,2}?(?:取消|退单)",
    re.IGNORECASE,
)
# Of a buyer's "please cancel the invoice" or "取消预约", the order is not meant.
_OF_OTHERS = re.compile(
    r"cancel\s+(?:the|my|this|your)\s+(?:invoice|subscription|appointment|meeting|gift|discount|coupon|account|request)"
    r"|取消(?:发票|预约|收藏|关注|申请|优惠|红包|会员)",
    re.IGNORECASE,
)


def plainly(side: Side, text: str) -> Flag | None:
    """What a message of this side says without any doubt; None for everything else, and for the platform's own."""
    if side == "platform":
        return None
    pattern = _WANTS if side == "buyer" else _ASKS
    for part in _APART.split(text):
        if pattern.search(part) and not _NOT.search(part) and not _OF_OTHERS.search(part):
            return Flag.WANTS_TO_CANCEL if side == "buyer" else Flag.ASKS_BUYER_TO_CANCEL
    return None
