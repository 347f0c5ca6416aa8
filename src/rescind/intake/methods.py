"""Means of payment as files name them: by their codes, or in Chinese as shops in China write them."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Final

METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "card": ("银行卡", "银行卡支付"),
    "credit_card": ("信用卡", "信用卡支付"),
    "debit_card": ("借记卡", "储蓄卡"),
    "alipay": ("支付宝", "支付宝支付"),
    "wechat_pay": ("微信支付", "微信"),
    "unionpay": ("银联", "银联支付", "云闪付"),
    "bank_transfer": ("银行转账", "对公转账", "网银转账"),
    "cash_on_delivery": ("货到付款",),
    "instalments": ("分期付款", "花呗分期"),
    "balance": ("余额", "余额支付"),
    "store_credit": ("店铺余额",),
    "gift_card": ("礼品卡", "购物卡"),
    "points": ("积分", "积分抵扣"),
    "voucher": ("代金券",),
    "wallet": ("钱包", "电子钱包"),
    "paypal": (),
    "apple_pay": (),
    "google_pay": (),
}
"""Codes that have words of their own on pages, and how else a file may name them. A marketplace may have others."""

_BY_WORD = {word: code for code, words in METHODS.items() for word in words}


def code_of(cell: str) -> str | None:
    """The code that a cell names; what is written as a code stays as it is. None for words that nobody knows."""
    if cell.isascii():
        return cell
    return _BY_WORD.get(unicodedata.normalize("NFKC", cell).replace(" ", ""))


def words() -> list[str]:
    """How each is written in Chinese, one word for each."""
    return [said[0] for said in METHODS.values() if said]
