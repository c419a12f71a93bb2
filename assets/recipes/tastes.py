"""The sample Dishes: who liked which dish and when, drawn from a process that is known, and so is what can be learned.

    uv run python -m assets.recipes.tastes

Each dish belongs to a kitchen and is with meat, with fish or without either; its name says so to whoever knows dishes.
Each person likes one or two kitchens and perhaps eats no meat; they choose by that, and by how well known a dish is.
Some dishes come late, so that hardly anybody has liked them before the last days: only their names speak for them.
"""

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

FILE = Path(__file__).parents[1] / "samples" / "dishes.csv"
PEOPLE, LIKES, DAYS = 260, (8, 16), 120
NEW = 0.15  # of the dishes, which come in the last days
FIRST_NEW = 95  # the day from which on they come
OTHER_KITCHEN, OTHER_DIET = 0.03, 0.08  # how much a dish is liked that is not to a person's taste
KNOWN = 0.6  # exponent of how well known the dishes are (Zipf)

# kitchen -> forms of a dish, what is in it of meat, of fish and of plants, and what goes with it
KITCHENS: dict[str, tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str], Sequence[str]]] = {
    "italian": (
        ("Risotto", "Lasagne", "Tagliatelle", "Gnocchi", "Ravioli"),
        ("pancetta", "veal ragù", "prosciutto"), ("clams", "anchovies"), ("porcini", "aubergine", "ricotta"),
        ("sage", "parmesan", "basil"),
    ),
    "indian": (
        ("Curry", "Biryani", "Masala", "Korma", "Vindaloo"),
        ("lamb", "chicken thighs"), ("prawns", "Goan fish"), ("chickpeas", "paneer", "red lentils"),
        ("cardamom", "turmeric", "coriander seeds"),
    ),
    "japanese": (
        ("Ramen", "Donburi", "Udon", "Yakitori", "Tempura"),
        ("pork belly", "minced chicken"), ("salmon", "eel", "mackerel"), ("tofu", "shiitake"),
        ("miso", "wasabi", "nori"),
    ),
    "mexican": (
        ("Tacos", "Burrito", "Enchiladas", "Quesadilla", "Tostadas"),
        ("pulled pork", "chorizo", "shredded beef"), ("shrimp", "grilled cod"), ("black beans", "sweetcorn", "cactus"),
        ("chipotle", "lime", "avocado"),
    ),
    "levantine": (
        ("Kebab", "Mezze plate", "Pita", "Tagine", "Shawarma"),
        ("minced lamb", "spiced beef"), ("sea bream", "sardines"), ("hummus", "falafel", "roasted cauliflower"),
        ("tahini", "sumac", "pomegranate"),
    ),
    "french": (
        ("Gratin", "Quiche", "Cassoulet", "Ragout", "Galette"),
        ("duck confit", "bacon", "beef cheeks"), ("scallops", "trout"), ("leeks", "goat's cheese", "chestnuts"),
        ("thyme", "Dijon mustard", "cream"),
    ),
    "barbecue": (
        ("Burger", "Skewers", "Smoked platter", "Sandwich", "Loaded fries"),
        ("brisket", "spare ribs", "bratwurst"), ("blackened catfish", "tuna steak"), ("halloumi", "portobello"),
        ("pickles", "coleslaw", "barbecue sauce"),
    ),
    "sweet": (
        ("Cake", "Tart", "Pancakes", "Pudding", "Crumble"),
        (), (), ("plums", "apples", "dark chocolate", "hazelnuts", "poppy seeds"),
        ("vanilla", "cinnamon", "caramel"),
    ),
}  # fmt: skip
DIETS = ("meat", "fish", "plants")


@dataclass(frozen=True)
class Dish:
    name: str
    kitchen: str
    diet: str
    known: float
    first_day: int


def dishes(random_: random.Random, each: int = 30) -> list[Dish]:
    """So many of each kitchen, in a random order, the best known ones first."""
    found: dict[str, tuple[str, str]] = {}
    for kitchen, (forms, *parts, sides) in KITCHENS.items():
        names = [
            (f"{form} with {part} and {side}", diet)
            for form in forms for diet, some in zip(DIETS, parts, strict=True) for part in some for side in sides
        ]  # fmt: skip
        found |= {name: (kitchen, diet) for name, diet in random_.sample(names, min(each, len(names)))}
    order = random_.sample(sorted(found), len(found))
    new = set(random_.sample(order, round(NEW * len(order))))
    return [
        Dish(name, *found[name], (place + 1) ** -KNOWN, random_.randint(FIRST_NEW, DAYS - 1) if name in new else 0)
        for place, name in enumerate(order)
    ]


def likes(random_: random.Random, menu: Sequence[Dish], people: int = PEOPLE) -> list[tuple[int, str, str]]:
    """(day, person, dish), by day."""
    rows = []
    for number in range(people):
        tastes = random_.sample(sorted(KITCHENS), random_.choice((1, 2, 2)))
        diets = random_.choice((DIETS, DIETS, DIETS[1:], DIETS[2:]))
        first = random_.randint(0, DAYS // 2)
        left = list(menu)
        days = sorted(random_.sample(range(first, DAYS), random_.randint(*LIKES)))
        for day in days:
            there = [dish for dish in left if dish.first_day <= day]
            wants = [
                # what is new is talked about
                (max(dish.known, 0.25) if dish.first_day else dish.known)
                * (1.0 if dish.kitchen in tastes else OTHER_KITCHEN)
                * (1.0 if dish.diet in diets else OTHER_DIET)
                for dish in there
            ]
            dish = random_.choices(there, wants)[0]
            left.remove(dish)
            rows.append((day, f"guest {number + 1}", dish.name))
    return sorted(rows)


def as_csv(rows: Sequence[tuple[int, str, str]]) -> str:
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["user", "dish", "day"])
    writer.writerows((user, dish, day + 1) for day, user, dish in rows)
    return text.getvalue()


if __name__ == "__main__":
    seeded = random.Random(7)
    FILE.write_text(as_csv(likes(seeded, dishes(seeded))), encoding="utf-8", newline="\n")
