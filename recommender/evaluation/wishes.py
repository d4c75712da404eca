"""What users would say, where the data has no words of theirs: stand-ins for wish and taste.

The paper has a teacher model write them from reviews and takes category labels; these data
have neither. Promises words that come from the item's facets, from what its title hints at,
or from the history, and never the right item's title or a telling word of it. The same item
is wished for in the same words, whoever asks.
"""

from __future__ import annotations

import random
from collections import Counter

from recommender.evaluation.data import Places
from recommender.evaluation.leaks import names, telling, words
from recommender.understanding.words import FUNCTION_WORDS
from retrieval.catalog import Catalog, Item

_SAYS_LITTLE = {"unknown", "other"}
# What somebody might say of a thing by whose title these words stand: loose, and not these words.
_HINTS = {
    "something fast, with engines": "racing kart rally nascar speed moto race drift driver",
    "something with a lot of shooting": "duty battlefield halo gears doom sniper combat gun",
    "a good fight": "fighter fighting kombat tekken wrestling wwe boxing ufc smackdown",
    "magic and a long story": "fantasy dragon wizard kingdom hearts souls scrolls tales quest",
    "something my children can play": "lego disney kids mickey sponge dora pony toy skylanders",
    "a match between friends": "fifa nba nfl madden mlb nhl golf tennis soccer hockey baseball",
    "a riddle to think about": "mystery puzzle detective hidden mahjong sherlock solitaire",
    "something that gives me a fright": "evil zombie dead horror fear resident haunted undead",
    "music for a party": "dance guitar rock karaoke sing rhythm band hero singing",
    "something among the stars": "star space galaxy alien planet mass metroid trek",
    "something with tactics": "strategy civilization warcraft command tactics empire total age",
    "heroes like those of the comics": "batman spider marvel superman avengers lego men arkham",
    "building something of my own": "sims tycoon city simulator farm crossing craft minecraft",
    "jumping about in bright colours": "mario sonic rayman kirby donkey yoshi crash bros spyro",
    "sneaking and climbing": "assassin creed raider metal solid thief uncharted splinter",
    "something to talk and listen with": "headset headphones microphone audio speaker sound",
    "something to hold while I play": "controller joystick gamepad wheel remote mouse grip",
    "so that it is kept safe": "case bag cover protector skin pouch shell holder",
    "so that it never runs dry": "battery charger charging power adapter cable dock",
}
_FAMILIES = {
    "for when I am out and about": ("Nintendo DS", "Game Boy Advance", "PlayStation Vita",
                                    "Nintendo 3DS", "Nintendo Switch"),
    "for my desk": ("PC", "Mac"),
    "for an old machine": ("Nintendo 64", "Sega Dreamcast", "PlayStation", "GameCube", "Xbox",
                           "PlayStation 2"),
    "for the television": ("Xbox 360", "PlayStation 3", "PlayStation 4", "Wii", "Xbox One",
                           "Wii U"),
}  # fmt: skip
_KINDS = {"accessory": "to go with what I have", "console": "to begin with"}
_FRAMES = ("{}", "I am after this: {}", "{}, I think", "maybe {}", "{} would be nice")


class Wishes:
    """Words for a target or a history of one catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def specific(self, target: int) -> str:
        """I2: the item's categories ("PlayStation 2 game")."""
        item = self._catalog.items[target]
        own = telling(item.title, self._catalog)
        values = [v for v in _facets(item) if not own & set(words(v))]
        # A console is called by its platform: then the last, least telling category is left.
        for told in (" ".join(values), *values[-1:]):
            if told and not names(told, item.title):
                return told
        return f"any {self._catalog.noun}"

    def vague(self, target: int) -> str:
        """I1: one or two loose hints of what the item is like and what it is for."""
        item = self._catalog.items[target]
        rng = random.Random(f"wish {item.id}")
        own = set(words(item.title))
        said = [hint for hint, of in _HINTS.items() if own & set(of.split())]
        platforms, kinds = item.facets.get("platform", ()), item.facets.get("kind", ())
        loose = [family for family, of in _FAMILIES.items() if set(of) & set(platforms)]
        loose += [_KINDS[kind] for kind in kinds if kind in _KINDS]
        parts = [*rng.sample(said, min(1, len(said))), *rng.sample(loose, min(1, len(loose)))]
        if len(parts) == 2 and rng.random() < 0.5:
            parts.pop()  # few say all that they could
        barred = own - FUNCTION_WORDS
        parts = [p for p in parts if not barred & set(words(p))]
        return rng.choice(_FRAMES).format(", ".join(parts or ["something new"]))

    def taste(self, history: Places) -> str:
        """P2: what the history has in common, in a sentence."""
        items = [self._catalog.items[place] for place in history]
        facets = Counter(value for item in items for value in _facets(item))
        recurring = Counter(word for item in items for word in set(words(item.title)))
        often = [v for v, times in facets.most_common(3) if times > 1 or len(items) < 4]
        themes = [w for w, times in recurring.most_common(8) if times > 1 and len(w) > 3][:3]
        said = f"mostly {', '.join(often)}" if often else "a bit of everything"
        return f"{said}; often about {' and '.join(themes)}" if themes else said


def _facets(item: Item) -> list[str]:
    """Values that say something, platform before kind, as people put them."""
    names = sorted(item.facets, key=lambda name: (name != "platform", name))
    return [v for name in names for v in item.facets[name] if v not in _SAYS_LITTLE]
