"""The columns of files that are put in, as their headers name them in English and in Chinese.

Each has one name, by which a fault is told, and the headers that marketplaces in use write for it. Case, spaces and
signs in a header do not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from rescind.core.errors import InvalidField, table_with

Kind = Literal["orders", "stages"]


class Column(NamedTuple):
    """name: as faults and English templates have it; zh: as Chinese templates have it; also: other headers of it."""

    name: str
    zh: str
    needed: bool = False
    also: tuple[str, ...] = ()


FAULT = Column("what_is_wrong", "问题")
"""Of a file that comes back corrected: what was wrong with it is not read."""

_SHOP = Column("shop", "店铺", needed=True, also=("店铺ID", "店铺名称"))
_NUMBER = Column("order_number", "订单编号", needed=True, also=("订单号", "order", "order_id"))
_CARRIER = Column("carrier", "快递公司", also=("物流公司",))
_TRACKING = Column("tracking_number", "快递单号", also=("tracking", "物流单号", "运单号"))

ORDERS: tuple[Column, ...] = (
    _SHOP,
    _NUMBER,
    Column("buyer", "买家账号", needed=True, also=("buyer_id", "买家会员名", "买家ID")),
    Column("buyer_name", "买家姓名"),
    Column("buyer_email", "买家邮箱"),
    Column("buyer_country", "买家国家"),
    Column("currency", "币种", needed=True),
    Column("placed_at", "下单时间", needed=True, also=("订单创建时间", "订单提交时间")),
    Column("item", "商家编码", needed=True, also=("sku", "商品编码")),
    Column("item_name", "商品名称", also=("title", "商品标题", "宝贝标题")),
    Column("variant", "商品规格", also=("商品属性",)),
    Column("category", "商品类目"),
    Column("quantity", "数量", needed=True, also=("商品数量", "购买数量")),
    Column("unit_price", "单价", needed=True, also=("商品单价", "商品价格")),
    Column("discount", "优惠金额"),
    Column("discount_by_platform", "平台优惠", also=("平台优惠金额",)),
    Column("tax", "税额"),
    Column("shipping", "运费", also=("邮费",)),
    Column("total", "订单总额", also=("订单应付金额", "实付款")),
    Column("payment_method", "支付方式"),
    Column("payment_provider", "支付渠道"),
    Column("payment_reference", "支付流水号", also=("支付单号",)),
    Column("paid_at", "付款时间", also=("支付时间", "订单付款时间", "支付完成时间")),
    Column("packed_at", "打包时间"),
    Column("label_at", "面单时间", also=("打单时间",)),
    Column("handed_over_at", "发货时间"),
    Column("scanned_at", "揽收时间"),
    Column("delivered_at", "签收时间"),
    Column("completed_at", "完成时间", also=("订单完成时间", "确认收货时间", "交易成功时间")),
    _CARRIER,
    _TRACKING,
    Column("recipient_name", "收件人", also=("收货人", "收货人姓名")),
    Column("phone", "收件人电话", also=("联系手机", "收件人手机号")),
    Column("email", "收件人邮箱"),
    Column("street", "详细地址", also=("收货地址", "收件地址")),
    Column("city", "城市", also=("市",)),
    Column("region", "省份", also=("省",)),
    Column("postcode", "邮编"),
    Column("country", "国家"),
    Column("note", "买家留言", also=("买家备注",)),
)
STAGES: tuple[Column, ...] = (
    _SHOP,
    _NUMBER,
    Column("fact", "状态", needed=True, also=("stage", "订单状态")),
    Column("occurred_at", "时间", needed=True, also=("at", "when", "发生时间")),
    _CARRIER,
    _TRACKING,
    Column("parcel", "包裹号"),
)
KINDS: Mapping[Kind, tuple[Column, ...]] = {"orders": ORDERS, "stages": STAGES}

OF_LINES = frozenset(
    {
        "item",
        "item_name",
        "variant",
        "category",
        "quantity",
        "unit_price",
        "discount",
        "discount_by_platform",
        "tax",
    }
)
"""What each row of an order has for itself; all else is the order's and the same in each of its rows."""

_LONGEST = 100
_SIGNS = re.compile(r"[\s_*\-./()（）:：]+")


class Header(NamedTuple):
    """Where each known column of a file is, and what the unknown ones are called."""

    places: Mapping[str, int]
    ignored: tuple[str, ...]


def kind_of(header: Sequence[str]) -> Kind:
    """What a file is about, by the columns it has: what says ``fact`` tells of stages."""
    found = {_plain(cell) for cell in header}
    return "stages" if found & _names(STAGES[2]) else "orders"


def read_header(header: Sequence[str], kind: Kind) -> Header:
    """The columns of a header. Raises InvalidField for one that stands twice, and for those that are missing."""
    known = {name: column for column in (*KINDS[kind], FAULT) for name in _names(column)}
    places: dict[str, int] = {}
    ignored: list[str] = []
    for place, cell in enumerate(header):
        column = known.get(_plain(cell))
        if column is None:
            if cell.strip():
                ignored.append(cell.strip()[:_LONGEST])
        elif column.name in places:
            raise InvalidField(field=f"/{column.name}", expected="one column of this name")
        else:
            places[column.name] = place
    missing = [column for column in KINDS[kind] if column.needed and column.name not in places]
    if missing:
        # As the rest of this header is written.
        chinese = any(not cell.isascii() for cell in header)
        these = (column.zh if chinese else column.name for column in missing)
        raise InvalidField(field="/file", expected=table_with(these))
    places.pop(FAULT.name, None)
    return Header(places, tuple(ignored))


def template_header(kind: Kind, language: str) -> list[str]:
    """The first row of a template."""
    return [column.zh if language == "zh" else column.name for column in KINDS[kind]]


def _names(column: Column) -> set[str]:
    return {_plain(name) for name in (column.name, column.zh, *column.also)}


def _plain(cell: str) -> str:
    return _SIGNS.sub("", unicodedata.normalize("NFKC", cell).casefold())
