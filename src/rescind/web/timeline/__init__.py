"""What happened to an order, told to one reader: a file a noun, and story.py, which says who tells each event."""

from rescind.web.timeline.story import story
from rescind.web.timeline.teller import Entry

__all__ = ["Entry", "story"]
