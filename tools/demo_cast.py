"""The invented people and shops of the demo marketplace.

Telephone numbers are from the ranges that Ofcom, the North American Numbering Plan, ARCEP, the Bundesnetzagentur,
PTS and ACMA keep free for fiction; e-mail addresses from domains reserved for examples; the towns do not exist.
"""

from rescind.demo.catalogue import Address, Buyer, Shop

MARKETPLACE = "Rowan Market"

LIGHTS, KITCHEN, CRAFT, GARDEN, TOYS, BAGS = (
    "lantern-lane",
    "copper-kettle",
    "inkwell-and-oak",
    "fern-and-spade",
    "little-harbour",
    "north-quay",
)

SHOPS = (
    Shop(
        key=LIGHTS,
        name="Lantern Lane",
        category="Lights & decoration",
        city="Edinburgh",
        zone="Europe/London",
        email="lantern.lane@example.com",
        phone="+44 131 496 0112",
        hours="Mon–Fri 9:00–17:00",
    ),
    Shop(
        key=KITCHEN,
        name="Copper Kettle Kitchen",
        category="Kitchen & table",
        city="Bristol",
        zone="Europe/London",
        email="copper.kettle@example.com",
        phone="+44 117 496 0235",
        hours="Mon–Sat 8:30–18:00",
        own_window_hours=24,
    ),
    Shop(
        key=CRAFT,
        name="Inkwell & Oak",
        category="Stationery, signs & craft",
        city="Manchester",
        zone="Europe/London",
        email="inkwell.oak@example.com",
        phone="+44 161 496 0348",
        hours="Mon–Fri 10:00–16:00",
        makes_to_order=True,
    ),
    Shop(
        key=GARDEN,
        name="Fern & Spade Trade",
        category="Garden",
        city="Cardiff",
        zone="Europe/London",
        email="fern.spade@example.com",
        phone="+44 29 2018 0451",
        hours="Mon–Sat 7:30–16:30",
        prices_without_tax=True,
    ),
    Shop(
        key=TOYS,
        name="Little Harbour Toys 小港湾玩具",
        category="Toys & children",
        city="Shenzhen",
        zone="Asia/Shanghai",
        email="little.harbour@example.com",
        phone="+44 1632 960 417",
        hours="Mon–Sat 9:00–18:00",
        ships_slowly=True,
    ),
    Shop(
        key=BAGS,
        name="North Quay Bags",
        category="Bags & travel",
        city="New York",
        zone="America/New_York",
        email="north.quay@example.com",
        phone="+1 212 555 0163",
        hours="Mon–Fri 9:00–18:00",
        preset="us",
    ),
)

_TOWNS = {
    "GB": (("{} Example Street", "Sampleton", "ZZ1 {}ZZ"), ("{} Specimen Road", "Upper Instance", "ZZ4 {}ZZ")),
    "US": (("{} Sample Street", "Anytown, XX", "0000{}"),),
    "FR": (("{} rue de l’Exemple", "Exempleville", "0000{}"),),
    "DE": (("Musterstraße {}", "Musterstadt", "0000{}"),),
    "SE": (("Exempelgatan {}", "Provstad", "000 0{}"),),
    "AU": (("{} Sample Parade", "Exampleton NSW", "000{}"),),
}

# name, country, telephone, language. The first is the buyer to sign in as.
_PEOPLE = (
    ("Amelia Hart", "GB", "+44 7700 900114", "en"),
    ("陈思远", "GB", "+44 7700 900121", "zh"),
    ("Oliver Bennett", "GB", "+44 7700 900135", "en"),
    ("林雨桐", "GB", "+44 7700 900142", "zh"),
    ("Priya Raman", "GB", "+44 7700 900156", "en"),
    ("Lukas Brandt", "DE", "+49 171 3920014", "en"),
    ("Camille Fournier", "FR", "+33 6 39 98 12 07", "en"),
    ("王子涵", "GB", "+44 7700 900163", "zh"),
    ("Noah Whitfield", "US", "+1 617 555 0118", "en"),
    ("Sofia Lindqvist", "SE", "+46 70 174 06 12", "en"),
    ("Tariq Mansour", "GB", "+44 7700 900177", "en"),
    ("Mei Tanaka", "GB", "+44 7700 900184", "en"),
    ("黄嘉怡", "GB", "+44 7700 900198", "zh"),
    ("Harriet Owusu", "GB", "+44 7700 900201", "en"),
    ("Jonas Keller", "DE", "+49 171 3920027", "en"),
    ("Élodie Marchand", "FR", "+33 6 39 98 12 34", "en"),
    ("Liam Gallo", "AU", "+61 491 570 156", "en"),
    ("Grace Okafor", "GB", "+44 7700 900219", "en"),
    ("赵明轩", "GB", "+44 7700 900226", "zh"),
    ("Isla Campbell", "GB", "+44 7700 900233", "en"),
    ("Diego Salazar", "US", "+1 415 555 0142", "en"),
    ("Hannah Weiss", "DE", "+49 171 3920041", "en"),
    ("Rhys Llewellyn", "GB", "+44 7700 900248", "en"),
    ("Nadia Petrova", "GB", "+44 7700 900255", "en"),
    ("周晓彤", "GB", "+44 7700 900262", "zh"),
    ("George Ashworth", "GB", "+44 7700 900279", "en"),
    ("Astrid Nyberg", "SE", "+46 70 174 06 28", "en"),
    ("Farah Siddiqui", "GB", "+44 7700 900286", "en"),
    ("Ethan Brooks", "US", "+1 206 555 0177", "en"),
    ("Chloe Nguyen", "AU", "+61 491 570 157", "en"),
    ("Marta Kowalska", "GB", "+44 7700 900293", "en"),
    ("刘浩然", "GB", "+44 7700 900307", "zh"),
    ("Antoine Giraud", "FR", "+33 6 39 98 12 51", "en"),
    ("Bethan Price", "GB", "+44 7700 900314", "en"),
    ("Samuel Adeyemi", "GB", "+44 7700 900321", "en"),
    ("Ines Carvalho", "GB", "+44 7700 900338", "en"),
    ("Rosa Delgado", "US", "+1 312 555 0109", "en"),
    ("Callum Fraser", "GB", "+44 7700 900345", "en"),
    ("孙悦", "GB", "+44 7700 900352", "zh"),
    ("Yusuf Demir", "GB", "+44 7700 900369", "en"),
)

_ROMANISED = {
    "陈思远": "siyuan.chen",
    "林雨桐": "yutong.lin",
    "王子涵": "zihan.wang",
    "黄嘉怡": "jiayi.huang",
    "赵明轩": "mingxuan.zhao",
    "周晓彤": "xiaotong.zhou",
    "刘浩然": "haoran.liu",
    "孙悦": "yue.sun",
    "Élodie Marchand": "elodie.marchand",
}


def _buyer(place: int, name: str, country: str, phone: str, locale: str) -> Buyer:
    towns = _TOWNS[country]
    street, city, postcode = towns[place % len(towns)]
    mailbox = _ROMANISED.get(name, name.lower().replace(" ", "."))
    return Buyer(
        key=mailbox.replace(".", "-"),
        name=name,
        email=f"{mailbox}@example.{'org' if place % 3 else 'com'}",
        phone=phone,
        locale="zh" if locale == "zh" else "en",
        address=Address(
            recipient=name,
            lines=(street.format(3 + place * 2),),
            city=city,
            postcode=postcode.format(place % 9 + 1),
            country=country,
            phone=phone,
        ),
    )


BUYERS = tuple(_buyer(place, *person) for place, person in enumerate(_PEOPLE))
