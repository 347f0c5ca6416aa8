"""Where people live: the codes of ISO 3166-1 alpha-2, by which laws find whom they protect.

A code that looks like one and is none would lose a right without a word, so it is refused, and the right one named.
"""

from __future__ import annotations

from typing import Final

_ASSIGNED = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ",
    "BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ",
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ",
    "DE DJ DK DM DO DZ",
    "EC EE EG EH ER ES ET",
    "FI FJ FK FM FO FR",
    "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY",
    "HK HM HN HR HT HU",
    "ID IE IL IM IN IO IQ IR IS IT",
    "JE JM JO JP",
    "KE KG KH KI KM KN KP KR KW KY KZ",
    "LA LB LC LI LK LR LS LT LU LV LY",
    "MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ",
    "NA NC NE NF NG NI NL NO NP NR NU NZ",
    "OM",
    "PA PE PF PG PH PK PL PM PN PR PS PT PW PY",
    "QA",
    "RE RO RS RU RW",
    "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ",
    "TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ",
    "UA UG UM US UY UZ",
    "VA VC VE VG VI VN VU",
    "WF WS",
    "YE YT",
    "ZA ZM ZW",
)
ASSIGNED: Final = frozenset(code for row in _ASSIGNED for code in row.split())
"""The codes that the standard assigns."""

KOSOVO: Final = "XK"
"""The one code of the users' own range that posts and banks agree on."""

COUNTRIES: Final = ASSIGNED | {KOSOVO}

MISTAKEN: Final = {"UK": "GB", "EL": "GR"}
"""What others call a country: the first is reserved in the standard, the second is what the European Union writes."""


def known(code: str) -> bool:
    """Whether this is the code of a country."""
    return code in COUNTRIES


def expected(code: str) -> str:
    """What belongs in the place of a code that is none, for whoever wrote it."""
    meant = MISTAKEN.get(code)
    return f"{meant}, which is what ISO 3166-1 has for {code}" if meant else "a code of ISO 3166-1, such as DE"
