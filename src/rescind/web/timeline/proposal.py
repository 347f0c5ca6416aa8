"""What two people have to agree on before money moves by hand."""

from __future__ import annotations

from rescind.core.second_person import ProposalConfirmed, ProposalDropped, ProposalMade
from rescind.web.timeline.teller import Entry, Teller


def between_two(teller: Teller, event: ProposalMade | ProposalConfirmed | ProposalDropped) -> Entry | None:
    """Who wants it and who agreed, for support, and for the shop where it is its own; others read what came of it."""
    if not (teller.among_staff or (teller.in_shop and event.side == "seller")):
        return None
    _, term = teller.locale.gettext, teller.locale.term
    what = {"what": term("money_act", event.terms.act.value), "amount": teller.money(event.terms.amount_minor)}
    said = teller.said(event.comment)
    match event:
        case ProposalMade():
            text = _("%(who)s proposes: %(what)s, %(amount)s") % (what | {"who": event.by})
            until = teller.locale.gettext("Nothing moves until another person confirms it.")
            return teller.entry(text, "scale", "wait", detail=until, said=said)
        case ProposalConfirmed():
            text = _("%(who)s and %(other)s agreed: %(what)s, %(amount)s")
            text %= what | {"who": event.by, "other": event.confirmed_by}
            return teller.entry(text, "scale", said=said)
        case ProposalDropped():
            text = term("proposal_outcome", event.outcome.value)
            return teller.entry(text, "circle-x", detail=event.by, said=said)
