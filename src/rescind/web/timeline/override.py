"""What support weighs among itself before it decides against the rules."""

from __future__ import annotations

from rescind.core import override
from rescind.web.timeline.teller import Entry, Teller


def weighed(
    teller: Teller, event: override.OverrideProposed | override.RulesOverridden | override.OverrideDropped
) -> Entry | None:
    """Who wants it, who agreed, and why; nothing to anybody else, who reads what came of it."""
    if not teller.among_staff:
        return None
    _, term = teller.locale.gettext, teller.locale.term
    said = teller.said(event.comment)
    match event:
        case override.OverrideProposed():
            text = _("%(who)s proposes against the rules: %(what)s")
            text %= {"who": event.by, "what": term("act", event.act.value)}
            return teller.entry(text, "scale", "wait", detail=term("override", event.reason), said=said)
        case override.RulesOverridden():
            both = _("%(who)s and %(other)s decided against the rules: %(what)s")
            text = both if event.confirmed_by else _("%(who)s decided against the rules: %(what)s")
            text %= {"who": event.by, "other": event.confirmed_by, "what": term("act", event.act.value)}
            return teller.entry(text, "scale", detail=term("override", event.reason), said=said)
        case override.OverrideDropped():
            text = term("override_outcome", event.outcome.value)
            return teller.entry(text, "circle-x", detail=event.by, said=said)
