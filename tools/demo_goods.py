"""Product names of Online Retail II, written as a shop would: sentence case, whole words, colour and size apart."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from demo_cast import BAGS, CRAFT, GARDEN, KITCHEN, LIGHTS, TOYS

# The first that matches says whose assortment a product belongs to.
_ASSORTMENTS = (
    (KITCHEN, r"TEA BAG PLATE|LUNCH BOX|CAKE STAND|CAT BOWL|DOG BOWL"),
    (
        BAGS,
        (
            r"\bBAGS?\b|LUGGAGE|PASSPORT|PURSE|BACKPACK|SUITCASE|UMBRELLA|WASHBAG|SHOPPER|EYE MASK|TRAVEL|"
            r"HOT WATER BOTTLE|TOTE|HOLDALL|RAIN ?HAT|PONCHO|TROLLEY"
        ),
    ),
    (
        TOYS,
        (
            r"\bTOYS?\b|DOLLS?\b|PUPPET|JIGSAW|\bGAMES?\b|CHILD|BABY|\bKIDS?\b|DINOSAUR|PLAYING CARD|SKIPPING|MARBLES|"
            r"DOMINO|SNAP CARD|BINGO|PUZZLE|SOLDIER|SPACEBOY|MONEY BOX|TATTOO|LUDO|SKITTLE|BOWLING|BATH DUCK|BUNNY|"
            r"TEDDY|ROBOT|MONKEY|SNAKES|YO-?YO|SPINNING TOP|XYLOPHONE|HARMONICA|NOUGHTS|TRAIN SET|BALLOON|FAIRY DOLL|"
            r"MICE\b|MOUSE|STENCIL|PAINT SET|BLOCK WORD|NIGHT LIGHT|PIGGY BANK|RABBIT|ELEPHANT"
        ),
    ),
    (
        GARDEN,
        (
            r"GARDEN|BIRD ?HOUSE|BIRD FEEDER|BIRD TABLE|NESTING BOX|WATERING|PLANT|SEED|PARASOL|HAMMOCK|TROWEL|"
            r"\bPEGS?\b|DECK ?CHAIR|GNOME|WIND ?CHIME|BIRD BATH|CITRONELLA|HERB|BUCKET|TRELLIS|SECATEUR|TOPIARY|"
            r"FLOWER POT|SPRINKLER|LADYBIRD|HEN HOUSE|THERMOMETER|DOOR ?STOP|PICNIC|ZINC|FEATHER|GREENHOUSE|TOADSTOOL"
        ),
    ),
    (
        CRAFT,
        (
            r"NOTEBOOK|JOURNAL|\bPENS?\b|PENCIL|\bCARDS?\b|WRAP|RIBBON|STICKER|PAPER CHAIN|CRAFT|SEWING|KNITTING|FELT|"
            r"CROSS STITCH|\bSIGN\b|LETTER|KEY ?RING|\bMUGS?\b|DOOR ?MAT|CHALK ?BOARD|CALENDAR|ADDRESS BOOK|ALBUM|"
            r"\bSTAMPS?\b|TISSUE|MAGNET|RULER|ERASER|SKETCH|MEMO|TAPE MEASURE|DIARY|BUTTON"
        ),
    ),
    (
        KITCHEN,
        (
            r"CAKE|TEA ?POT|JUG|BOWL|PLATE|BAKING|CUTLERY|KITCHEN|\bEGG|JAM\b|\bCUPS?\b|SAUCER|\bTINS?\b|SPOON|APRON|"
            r"OVEN|CHOPPING|NAPKIN|COFFEE|TOAST|BUTTER DISH|\bDISH|\bPAN\b|TRAY|RECIPE|MEASURING|JELLY|CUTTER|SCALES|"
            r"BREAD|BISCUIT|POPCORN|TEA TOWEL|TEA SET|COLANDER|SALT|PEPPER|COASTER|PLACE ?MAT|ICE CREAM|STRAWS|CADDY|"
            r"POT HOLDER"
        ),
    ),
    (
        LIGHTS,
        (
            r"LIGHT|CANDLE|LANTERN|LAMP|HEART|HANGING|FRAME|MIRROR|WREATH|BAUBLE|CHRISTMAS|CUSHION|QUILT|CLOCK|GARLAND|"
            r"BUNTING|BASKET|CABINET|KNOB|HOOK|CHANDELIER|ORNAMENT|BIRDCAGE|DECORATION|SHELF|STOOL|HANGER|VASE|RACK|"
            r"CHEST"
        ),
    ),
)
_BELONGS = tuple((shop, re.compile(words)) for shop, words in _ASSORTMENTS)

# Brands, and goods a shop window would not show.
_UNSHOWN = re.compile(
    r"CHARLIE|LOLA|LOLITA|\bREX\b|DOLLY GIRL|KIDSTON|LARRY|GUNS|CIGAR|GEISHA|SMOKE|LADS|SKULL|GUN\b|CAMOUFLAGE|SHOT|"
    r"STOCK NOTE|SAMPLE|DAMAGE|LADIES|CHILLI|BRUFF|OBSCURE|IPOD|RUDE|BOMBS|NAKED|TURQ\b|GARLD|NECKL|\bPKT\b|\bASS\b|"
    r"\bPC\b|\bPCS\b|ROUND CAKE TINS|\bFOR ONE\b|MAN FLU|AMELIE|ARAB|GLAMOROUS|SWEETHEART MUG|\bDES\b|"
    r"BAG CHARM|FANNY|TOILET|WASHROOM|PANNETONE|STOPMETAL|NUMBER TILE|\bNO$|\bGEMS\b|POLICE|\d+G\b|\d+CM|\bVIP|"
    r"TRAVELING|CHOCOLATECANDLE|SMALLFOLK|MOODY|TOXIC|TOUCH MY|KEEP OUT|RUSSEL|\bNANCY\b|\bCHOC\b|BILLBOARD|"
    r"RATTLE|STRONGMAN|\bJUMBO PEN|CANNISTER|CACTI|\bC\b|LETS|POPPY'S|WIRELESS|CALCULATOR|STAINLESS|\bSUSAN\b|"
    r"BRACELET|NECKLACE|EARRING|\bHAIR\b|WILLIE|TOAST ITS|PING MICRO|GRASS HOPPER|\bRECT$|SCENTCANDLE|FIRST ADE|"
    r"FUNK MONKEY|CANDLEPOT|SLEIGHBELL|NAPKIN$|SINGLE HEART ZINC|GLITTER CHRISTMAS|BLOCK WORD|POUFFE|CHICKS"
)
_SPELT_OUT = (
    (r"\s*,\s*", " "),
    (r"\bSET ?/ ?(\d+)\b", r"SET OF \1"),
    (r"\bSET (\d+)\b", r"SET OF \1"),
    (r"\bS/ ?(\d+)\b", r"SET OF \1"),
    (r"\b(\d+)LIGHTS?\b", r"\1 LIGHTS"),
    (r"\bASST|\bASSTD\b|\bASSORTED COLS?\b", "ASSORTED"),
    (r"\bHLDR\b", "HOLDER"),
    (r"\bC/COVER\b", "CUSHION COVER"),
    (r"\bDECS\b", "DECORATIONS"),
    (r"\bSTRA?WBERR?Y\b", "STRAWBERRY"),
    (r"\bMED\b", "MEDIUM"),
    (r"\bANT WHITE\b", "ANTIQUE WHITE"),
    (r"\bEXPRESSO\b", "ESPRESSO"),
    (r"\bCHILDS\b", "CHILD'S"),
    (r"\bCHILDRENS\b", "CHILDREN'S"),
    (r"\bRETRO SPOTS?\b", "RETROSPOT"),
    (r"\bW/? ", "WITH "),
    (r"\bDOOR MAT\b", "DOORMAT"),
    (r"\bT-LIGHTS? CANDLES\b", "T-LIGHTS"),
    (r"\bCANDLEHOLDER\b", "CANDLE HOLDER"),
    (r"\bTEALIGHT\b", "T-LIGHT"),
    (r"\bJUMBO  BAG\b", "JUMBO BAG"),
    (r"\b5 O'CLOCK\b", "FIVE O'CLOCK"),
    (r"\bCAKESTAND\b", "CAKE STAND"),
    (r"\bTOASTRACK\b", "TOAST RACK"),
    (r"\bCOATHANGER\b", "COAT HANGER"),
    (r"\bCINAMMON\b", "CINNAMON"),
    (r"\bBAKELIKE\b", "BAKELITE"),
    (r"\bFUSCHIA\b", "FUCHSIA"),
    (r"\bDEC\b", "DECORATION"),
    (r"\bTASSLE\b", "TASSEL"),
    (r"\bMETALIC\b", "METALLIC"),
    (r"\bT-LITE\b", "T-LIGHT"),
    (r"\bWINDCHIME\b", "WIND CHIME"),
    (r"\bPLANTPOT\b", "PLANT POT"),
    (r"\bSCOTTY\b", "SCOTTIE"),
    (r"\bMINATURE\b", "MINIATURE"),
    (r"\bMEMOBOARD\b", "MEMO BOARD"),
    (r"\s*[&+]\s*", " AND "),
    (r"\bRED/WHITE\b", "RED AND WHITE"),
    (r"\bPINK/WHITE\b", "PINK AND WHITE"),
    (r"\bBLACK/BLUE\b", "BLACK AND BLUE"),
    (r"\bPINK/BROWN\b", "PINK AND BROWN"),
    (r"\bIVORY/RED\b", "IVORY AND RED"),
    (r"\s+", " "),
)
_SPELL = tuple((re.compile(found), put) for found, put in _SPELT_OUT)
_PROPER_NAMES = """
    Christmas Easter English French Paris London Jack Scandinavian Edwardian Victorian Moroccan Medina Suki Danish
    Kashmir Afghan Marakesh Manhattan Kensington Mexican Gothic Russian Provence Hawaiian Union British England Scottie
    Piccadilly Chelsea Noel Swiss Nordic Dutch Tokyo Santa Fuji I I'm TV Emily Rosie Maria Molly Purdey Kings
    Japanese Chinese Indian Madras Arcadia
"""
_PROPER = {name.upper(): name for name in _PROPER_NAMES.split()}
_LONGEST = 33  # The source cuts names at 35 characters; one this long may have lost its end.
_PLAIN = re.compile(r"[A-Z0-9 '\-]+")
_COLOURS = (
    "LIGHT PINK|BABY BLUE|BABY PINK|DARK RED|PINK|WHITE|RED|BLUE|GREEN|BLACK|CREAM|IVORY|SILVER|GOLD|BROWN|YELLOW|"
    "PURPLE|LILAC|TURQUOISE|NATURAL|GREY|BEIGE|ORANGE|MAUVE|AMBER"
)
_APART = (
    ("colour", re.compile(rf"(?P<value>{_COLOURS}) (?P<rest>.+)|(?P<rest2>.+) (?P<value2>{_COLOURS})")),
    ("size", re.compile(r"(?P<value>SMALL|MEDIUM|LARGE) (?P<rest>.+)|(?P<rest2>.+) (?P<value2>SMALL|MEDIUM|LARGE)")),
    ("letter", re.compile(r"LETTER (?P<value>[A-Z]) (?P<rest>BLING KEY RING)(?P<rest2>)(?P<value2>)")),
)
# A name that still begins with one of these was one colour pattern, not a colour and a product.
_PATTERN = re.compile(rf"(?:{_COLOURS}|AND|RETROSPOT|SPOTTY|SPOTS?|POLKADOT|STRIPE|GINGHAM|FLOCK|WITH)\b")


class Product(NamedTuple):
    """A product as a shop shows it; `shop` is whose assortment it belongs to."""

    shop: str
    title: str
    options: dict[str, str]


class Goods:
    """Judges names by all names there are: a colour is a variant only where the product comes in another one too."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """Take (sku, name) of every line sold."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for sku, name in names:
            counts[sku][name] += 1
        self._names = {sku: _spelt(found.most_common(1)[0][0]) for sku, found in counts.items()}
        self._values: dict[tuple[str, str], set[str]] = defaultdict(set)
        for name in self._names.values():
            for option, rest, value in _splits(name):
                self._values[option, rest].add(value)

    def product(self, sku: str) -> Product | None:
        """The product, or None where no shop sells it or its name is not fit to show."""
        name = self._names[sku]
        if not _PLAIN.fullmatch(name) or len(name) > _LONGEST or _UNSHOWN.search(name) or len(name) < 8:
            return None
        shop = next((shop for shop, words in _BELONGS if words.search(name)), None)
        if shop is None:
            return None
        options: dict[str, str] = {}
        for option, rest, value in _splits(name):
            if len(self._values[option, rest]) > 1 and " " in rest:
                options[option] = value.capitalize()
                name = rest
                break
        return Product(shop, _sentence(name), options)


def _splits(name: str) -> Iterable[tuple[str, str, str]]:
    for option, pattern in _APART:
        match = pattern.fullmatch(name)
        if match:
            found = match.groupdict()
            rest, value = found["rest"] or found["rest2"], found["value"] or found["value2"]
            if not _PATTERN.match(rest) and not rest.endswith((" AND", " WITH")):
                yield option, rest, value


def _spelt(name: str) -> str:
    name = name.upper().replace('"', "").strip(" .,")
    for found, put in _SPELL:
        name = found.sub(put, name)
    return name.strip(" .,")


def _sentence(name: str) -> str:
    words = [
        _PROPER.get(word, "T-" + word[2:].lower() if word.startswith("T-") else word.lower()) for word in name.split()
    ]
    text = " ".join(words).replace("new England", "New England").replace("Kings choice", "King's choice")
    return text[0].upper() + text[1:]
