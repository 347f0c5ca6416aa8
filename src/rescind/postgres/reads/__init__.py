"""Everything pages and the API read, each through somebody's scope: what is foreign is as if it were not there (I-30).

A list is one statement: the rows of the page, what is shown of each, and how many there are in all. A file is one noun
that is read; source, conditions, search and rows are what they share.
"""

from rescind.postgres.reads.cases import Cases
from rescind.postgres.reads.directory import ShopsAndBuyers
from rescind.postgres.reads.exports import Exports
from rescind.postgres.reads.find import Find
from rescind.postgres.reads.notices import Notices
from rescind.postgres.reads.order import OneOrder
from rescind.postgres.reads.orders import Orders
from rescind.postgres.reads.people import PersonRows
from rescind.postgres.reads.proposals import Proposals
from rescind.postgres.reads.refund_orders import RefundOrders
from rescind.postgres.reads.refunds import Refunds
from rescind.postgres.reads.shops import ShopRows
from rescind.postgres.reads.stream import Stream
from rescind.postgres.reads.tabs import Tabs
from rescind.postgres.reads.threads import Threads
from rescind.postgres.reads.timeline import Timeline
from rescind.postgres.reads.unpacking import Unpacking
from rescind.postgres.reads.unreached import UnreachedShops

__all__ = ["Reads"]


class Reads(
    OneOrder,
    Timeline,
    Threads,
    Notices,
    Orders,
    Cases,
    RefundOrders,
    Refunds,
    Proposals,
    Tabs,
    Find,
    Unpacking,
    UnreachedShops,
    Stream,
    ShopsAndBuyers,
    ShopRows,
    PersonRows,
    Exports,
):
    """Reads for pages and the API. Nothing here writes or decides."""
