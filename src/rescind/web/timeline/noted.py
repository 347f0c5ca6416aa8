"""What the buyer asked of the shop beside the order, and that it was read."""

from __future__ import annotations

from rescind.core import order_note
from rescind.web.timeline.teller import Entry, Teller


def note(teller: Teller, event: order_note.NoteAdded | order_note.NoteAcknowledged) -> Entry:
    """A note, or the word of whoever read it."""
    _ = teller.locale.gettext
    match event:
        case order_note.NoteAdded():
            text = _("You left a note for the shop") if teller.mine else _("The buyer left a note")
            return teller.entry(text, "sticky-note", by=event.filed_by, said=teller.said(event.comment))
        case order_note.NoteAcknowledged():
            return teller.entry(_("The note was read"), "check")
