"""What every list of a console has around it: filters that stand in the address, views, columns, and a file of it.

The address says it all, in the words of the API, so that it can be sent to a colleague and the back button works. What
a form writes otherwise, such as days and decimal amounts, is put into these words by going there once.
"""

from rescind.web.listing.asked import Asked, asked
from rescind.web.listing.shops import by_shop
from rescind.web.listing.tools import ROOT, Tools, columns_of, heads, opened, path_of, tools

__all__ = ["ROOT", "Asked", "Tools", "asked", "by_shop", "columns_of", "heads", "opened", "path_of", "tools"]
