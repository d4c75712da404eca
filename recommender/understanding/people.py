"""The names of a catalog's people: whole, by surname, by family, and misspelt.

A surname that is an everyday word needs more than itself to be meant. What is said of a
person is read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from recommender.understanding.catalog_words import PARTICLES, CatalogWords
from recommender.understanding.everyday import EVERYDAY
from recommender.understanding.spelling import NearWords
from recommender.understanding.titles import Titles
from recommender.understanding.values import Values
from recommender.understanding.words import FUNCTION_WORDS, Word, word_set
from retrieval.catalog import Catalog, Kind, fold

Key = tuple[str, ...]

_MOST_TYPOS = 24  # places of an utterance where a misspelt name is looked for
# Surnames that are everyday words need a first name or a word such as "starring".
_EVERYDAY_SURNAMES = word_set(
    "abbott adams august bacon baker bale bell berry best black blue blunt bond bridges brook "
    "brooks brown burns caesar carpenter chance chase church close cook cool coward covert crisp "
    "cross crowe cruise cruz crystal day dean dee diamond diesel director driver fielding fisher "
    "ford fox french fuller grace grant gray green hall hand hardy hart hill holiday hope hunt "
    "hunter hurt irons ivory jackman jordan king knight lake lane law leigh long love lynch mango "
    "mason mature may merlin miller mills moon moore natural noble park parker penny pepper pickles "
    "pitt plaza pope power price prince quiet reed rich rivers robin rock rose rush russell saint "
    "savage short silver slate smart smith snow spade sterling stone storm summer sunday swift "
    "temple turner twist vital walker washington waters weaver west white wilder wild winter wise "
    "wolf wood woods young birmingham bedford boston england france houston lancaster london paris "
    "phoenix sydney windsor french german english irish roman christian romero"
)
_FAMILY = frozenset({"brothers", "sisters", "bros"})


class People:
    """The people of a catalog by their names."""

    def __init__(
        self, catalog: Catalog, known: CatalogWords, values: Values, titles: Titles
    ) -> None:
        self._catalog = catalog
        self._known = known
        self._values = values
        self._titles = titles
        self._people: dict[Key, dict[str, set[str]]] = {}  # name -> field -> values
        for f in catalog.of_kind(Kind.PERSON):
            for folded, names in catalog.vocabulary.get(f.name, {}).items():
                self._add_person(f.name, folded, names)
        self._starts = {key[:n] for key in self._people for n in range(1, len(key))}
        self._near = NearWords({word for key in self._people for word in key})
        self._credits: dict[str, int] = {}  # person -> number of items
        for item in catalog.items:
            for name in {
                v for f in catalog.of_kind(Kind.PERSON) for v in item.facets.get(f.name, ())
            }:
                self._credits[name] = self._credits.get(name, 0) + 1
        self.roles = {
            tuple(fold(role).split()): f.name
            for f in catalog.of_kind(Kind.PERSON)
            for role in f.roles
        }

    def within(self, words: Sequence[Word]) -> Iterator[tuple[int, int, dict[str, set[str]]]]:
        """Names of people, longest first: first word, word after the last, values by field.

        A surname alone counts where it is capitalised, follows a role ("by hitchcock") or
        is no other word of the language; a first name alone only behind a role. Misspelt
        names come last.
        """
        # Looking for typos is slow; nobody misspells so many names in one breath.
        unknown = [
            first for first in range(len(words))
            if any(len(w.folded) > 3 and not self._known.is_ordinary(w.folded) for w in words[first : first + 2])
        ][:_MOST_TYPOS]  # fmt: skip
        for size in range(min(5, len(words)), 0, -1):
            if size == 1:  # "Scarlett Johanson" is no other Scarlett
                for first in unknown:
                    yield from self._people_with_typo(words, first, (3, 2))
            for first in range(len(words) - size + 1):
                span = words[first : first + size]
                key = tuple(_without_possessive(word.folded) for word in span)
                found = self._people.get(key)
                if size == 1:
                    family = self._family(words, first)
                    if family:
                        yield family
                        continue
                    if found and not self._surname_is_meant(words, first):
                        continue
                    found = self._best_known(found) if found else self._by_first_name(words, first)
                if found:
                    yield first, first + size, found
        for first in unknown:
            yield from self._people_with_typo(words, first, (1,))

    def in_full_name(self, words: Sequence[Word], first: int, last: int) -> bool:
        """Whether words first … last - 1 are a person's name of two words or more, or within one."""
        for size in range(2, 5):
            for start in range(max(0, last - size), first + 1):
                name = tuple(_without_possessive(w.folded) for w in words[start : start + size])
                if len(name) == size and name in self._people:
                    return True
        return False

    def role_before(self, words: Sequence[Word], first: int) -> tuple[str, int] | None:
        """The person field whose role stands right before a word, and where the role begins."""
        for size in (3, 2, 1):
            if first - size >= 0:
                key = tuple(word.folded for word in words[first - size : first])
                if key in self.roles:
                    return self.roles[key], first - size
        return None

    def _best_known(self, found: dict[str, set[str]]) -> dict[str, set[str]]:
        """Of people who share a surname, those whom it brings to mind: Alfred Hitchcock."""
        most = max(self._credits[v] for values in found.values() for v in values)
        known = {
            name: {v for v in values if self._credits[v] * 3 >= most}
            for name, values in found.items()
        }
        return {name: values for name, values in known.items() if values}

    def _family(
        self, words: Sequence[Word], first: int
    ) -> tuple[int, int, dict[str, set[str]]] | None:
        """Several people of one name: "the coen brothers", "the Wachowskis"."""
        word = words[first]
        marked = first + 1 < len(words) and words[first + 1].folded in _FAMILY
        plural = first > 0 and words[first - 1].folded == "the" and word.folded.endswith("s")
        for key, last in (
            ((word.folded,), first + 2),
            ((word.folded.removesuffix("s"),), first + 1),
        ):
            found = self._people.get(key)
            if not found or not (marked if last == first + 2 else plural):
                continue
            if last == first + 1 and (
                self._known.is_ordinary(word.folded) or self._known.is_ordinary(key[0])
            ):
                continue
            several = {name: values for name, values in found.items() if len(values) > 1}
            if several:
                # Who only shares the name is left out where one field holds the family.
                name = max(several, key=lambda n: sum(self._credits[v] for v in several[n]))
                return first, last, {name: several[name]}
        return None

    def _by_first_name(self, words: Sequence[Word], first: int) -> dict[str, set[str]] | None:
        name = _without_possessive(words[first].folded)
        people = self._known.first_names.get(name, set())
        if len(people) != 1 or self._known.is_ordinary(name) or not self.role_before(words, first):
            return None
        (person,) = people
        return {
            f.name: {person}
            for f in self._catalog.of_kind(Kind.PERSON)
            if person in self._catalog.vocabulary.get(f.name, {}).get(fold(person), ())
        }

    def _people_with_typo(
        self, words: Sequence[Word], first: int, sizes: tuple[int, ...]
    ) -> Iterator[tuple[int, int, dict[str, set[str]]]]:
        role = self.role_before(words, first)
        for size in sizes:
            span = words[first : first + size]
            folded = [_without_possessive(word.folded) for word in span]
            if len(span) < size or any(word.opens_clause for word in span[1:]):
                continue
            unknown = [w for w in folded if len(w) > 3 and not self._known.is_ordinary(w)]
            if not unknown or any(w in FUNCTION_WORDS for w in folded):
                continue
            if size == 1:
                named = (
                    role
                    or len(words) == 1
                    or (
                        first + 1 < len(words) and self._values.is_thing_asked_for(words[first + 1])
                    )
                )
                if len(folded[0]) < 6 or not named or folded[0] in EVERYDAY:
                    continue
                if (span[0].singular,) in self._values:
                    continue  # "a recent film"
                if folded[0] in self._known.title_words:
                    continue
            elif any(word in self._titles for word in folded):
                continue
            meant = self._meant(tuple(folded))
            if meant:
                yield first, first + size, self._best_known(self._people[meant])
                return

    def _meant(self, name: Key) -> Key | None:
        """The name that a misspelt one is nearest to; none where it is a name itself."""
        if name in self._people:
            return None
        ways: list[tuple[int, Key]] = [(0, ())]
        for word in name:
            choices = [(0, word), *((near.distance, near.word) for near in self._near.near(word))]
            ways = [
                (off + apart, (*before, form)) for off, before in ways for apart, form in choices
                if len(name) == 1 or (*before, form) in self._starts or (*before, form) in self._people
            ]  # fmt: skip
        most = max(1, len("".join(name)) // 7)
        found = [(off, key) for off, key in ways if off <= most and key in self._people]
        return min(found, default=(0, None), key=lambda one: (one[0], -self._fame(one[1])))[1]

    def _fame(self, key: Key) -> int:
        return max(self._credits[v] for values in self._people[key].values() for v in values)

    def _add_person(self, field: str, folded: str, names: tuple[str, ...]) -> None:
        parts = folded.split()
        keys = {tuple(parts)}
        if len(parts) > 1 and len(parts[-1]) > 3:
            keys.add((parts[-1],))
        if len(parts) > 2 and parts[-2] in PARTICLES:
            keys.add(tuple(parts[-2:]))
        for key in keys:
            self._people.setdefault(key, {}).setdefault(field, set()).update(names)

    def _surname_is_meant(self, words: Sequence[Word], place: int) -> bool:
        word = words[place]
        if self.role_before(words, place):
            return not (word.folded in self._known.nouns or word.folded in FUNCTION_WORDS)
        name = _without_possessive(word.folded)
        if name in _EVERYDAY_SURNAMES | FUNCTION_WORDS:
            return False
        behind = words[place + 1] if place + 1 < len(words) else None
        if behind and not behind.opens_clause and behind.text[:1].isupper() and not (
            self._values.is_thing_asked_for(behind)
        ):  # fmt: skip
            return False  # "James Bond"
        if len(self._known.first_names.get(name, ())) > 1:
            return False  # "Martin films"
        if (
            place
            and word.text[:1].isupper()
            and not word.opens_clause
            and (self._ends_a_name(words[place - 1], place, name))
        ):
            return False
        if word.text[:1].isupper():
            # "Hitchcock thrillers" begins an utterance, "Young people" does too.
            return place > 0 or len(name) >= 6 or not self._known.is_ordinary(name)
        # In lower case only a name that nothing else could be: "hitchcock thrillers".
        before = words[place - 1] if place and not word.opens_clause else None
        if before and not (
            self._known.is_ordinary(before.folded) or (before.singular,) in self._values
            or re.match(r"\d", before.folded)
        ):  # fmt: skip
            return False  # "agatha christie" is no other Christie
        known = max(self._credits[v] for values in self._people[(name,)].values() for v in values)
        return (
            len(name) > 4 and known > 1 and not self._known.is_ordinary(name)
            and name not in self._known.first_names and name not in self._titles
        )  # fmt: skip

    def _ends_a_name(self, before: Word, place: int, name: str) -> bool:
        """Whether the capitalised word before makes another name of it: "New York"."""
        if not before.text[:1].isupper() or before.folded in self._known.nouns:
            return False
        if self._values.is_thing_asked_for(before) or (before.folded,) in self.roles:
            return False
        if place == 1 and (
            before.folded in FUNCTION_WORDS or self._known.is_ordinary(before.folded)
        ):
            return False  # the capital marks the sentence
        firsts = {fold(v).split()[0] for vs in self._people[(name,)].values() for v in vs}
        return not any(f.startswith(before.folded[:3]) for f in firsts)  # "Leo DiCaprio"


def _without_possessive(word: str) -> str:
    return re.sub(r"'s?$", "", word)
