"""Names of homes. Every word below a colour is made up: no provider and no place is meant."""

from __future__ import annotations

from app.matching.codes import HomeKind

COLOURS: tuple[str, ...] = tuple(
    """
    Amber Apricot Azure Beige Bronze Cerise Cerulean Claret Cobalt Copper Coral Crimson Cyan Damson Ebony
    Emerald Fawn Fuchsia Gold Green Indigo Ivory Jade Lemon Lilac Lime Magenta Maroon Mauve Ochre Olive Orange
    Peach Pearl Pink Plum Purple Ruby Russet Saffron Sepia Silver Tawny Teal Turquoise Umber Violet White Yellow
    """.split()
)

STEMS: tuple[str, ...] = tuple(
    """
    Bimble Brandle Corrow Dabbin Dorrel Fennim Fiddow Gantle Gorsel Hapsel Hobber Jessim Kettow Lanter Larrup
    Mimble Mossin Nettow Nubble Ombrel Pellow Pimmer Quibble Quorrel Rimmow Rumble Sallow Snorrel Tansel Tibber
    Trindle Umbel Vennow Wibble Yarrel Zimmow
    """.split()
)

ENDINGS: tuple[str, ...] = tuple(
    """bank beck bray cote dell fold garth holt mead nook reach rigg side stead tarn
    thwaite""".split()
)

SUFFIXES: dict[HomeKind, str] = {
    HomeKind.FOSTER: "household",
    HomeKind.CONNECTED_PERSON: "family",
    HomeKind.CHILDRENS_HOME: "House",
    HomeKind.SECURE_HOME: "Secure Centre",
    HomeKind.SUPPORTED_ACCOMMODATION: "Court",
    HomeKind.SUPPORTED_LODGINGS: "lodgings",
    HomeKind.PARENT_AND_CHILD: "Parent and Child Centre",
    HomeKind.RESIDENTIAL_SCHOOL: "School",
}

MOST_NAMES = len(COLOURS) * len(STEMS) * len(ENDINGS)
"""Different names before a kind of home starts again from the first."""


def home_name(number: int, kind: HomeKind) -> str:
    """The name of the n-th home: a colour, an invented word, and what it is. `Teal Quibblebeck House`."""
    # Stepping by a number that shares no factor with the count visits every name once, in no plain order.
    place = (number * 7919) % MOST_NAMES
    place, colour = divmod(place, len(COLOURS))
    ending, stem = divmod(place, len(STEMS))
    return f"{COLOURS[colour]} {STEMS[stem]}{ENDINGS[ending]} {SUFFIXES[kind]}"
