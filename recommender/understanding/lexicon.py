"""The words of a catalog: which phrases name its items, people, values and leanings.

Built once for a catalog, from the catalog alone; nothing here is about films.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from recommender.understanding.words import (
    FUNCTION_WORDS,
    Word,
    singular,
    singular_key,
    word_set,
)
from retrieval.catalog import Catalog, Field, Kind, fold
from retrieval.limits import Limit

Key = tuple[str, ...]
_LONGEST_TITLE = 12  # words; the rest of a longer title adds nothing to tell it apart
_TYPO_CUTOFF = 86  # rapidfuzz ratio from which a spelling counts as a typo of a title
_VALUE_TYPO_CUTOFF = 83  # of a category
_NAME_TYPO_CUTOFF = 86  # of a person
_MOST_TYPOS = 24  # places of an utterance where a misspelt name is looked for
_NUMERALS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13",
}  # fmt: skip
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
_PARTICLES = word_set("al da de del den der di du el la le ten van von")


@dataclass(frozen=True)
class Value:
    """What a phrase says of a field: a value, hard or as a leaning, or a range."""

    field: str
    kind: Kind
    values: tuple[str, ...] = ()
    limit: Limit | None = None
    hint: bool = False
    opposite: bool = False  # the phrase means that the value is not wanted
    bare_adjective: bool = True  # needs a noun of the request beside it to be a limit
    direction: int = 0  # +1 or -1 for a comparison: "newer", "shorter"


@dataclass(frozen=True)
class Match:
    """A phrase of the lexicon in an utterance, over words first … last - 1."""

    first: int
    last: int
    meanings: tuple[Value, ...]


class Lexicon:
    """Finds the catalog's words in an utterance."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.nouns = {
            word
            for noun in (catalog.noun, catalog.nouns, *catalog.other_nouns, "one", "something")
            for word in (fold(noun), *singular_key(noun))
        }
        self.labels = {fold(name) for f in catalog.fields.values() for name in (f.name, f.label)}
        self.person_labels = {fold(f.label) for f in catalog.of_kind(Kind.PERSON)}
        self._title_words = {
            word for item in catalog.items for word in fold(item.title.replace("-", " ")).split()
        }
        self._ordinary = _ordinary_words(catalog)
        self._titles: dict[Key, list[str]] = {}
        for item in catalog.items:
            for key in _title_keys(item.title):
                self._titles.setdefault(key, []).append(item.id)
        self._spellings = {" ".join(key): key for key in self._titles if len(" ".join(key)) >= 5}
        self._values: dict[Key, list[Value]] = {}
        for f in catalog.fields.values():
            self._add_field(f)
        self._people: dict[Key, dict[str, set[str]]] = {}  # name -> field -> values
        for f in catalog.of_kind(Kind.PERSON):
            for values in catalog.vocabulary.get(f.name, {}).values():
                for value in values:
                    self._add_person(f.name, value)
        self._telling: set[Key] = set()
        self._first_names: dict[str, set[str]] = {}
        self._names: dict[str, Key] = {}  # spelling -> key, to find typos
        for key, found in self._people.items():
            self._names[" ".join(key)] = key
            if len(key) > 1 and key[0] not in _PARTICLES:
                self._first_names.setdefault(key[0], set()).update(*found.values())
        self._credits: dict[str, int] = {}  # person -> number of items
        for item in catalog.items:
            for name in {
                v for f in catalog.of_kind(Kind.PERSON) for v in item.facets.get(f.name, ())
            }:
                self._credits[name] = self._credits.get(name, 0) + 1
        self._add_telling_words()
        # Fields of which an item holds one value only: to ask for two is to ask for either.
        self.exclusive = {
            f.name
            for f in catalog.of_kind(Kind.CATEGORY)
            if all(len(item.facets.get(f.name, ())) < 2 for item in catalog.items)
        }
        # Single words that mean a category exactly, to find typos of them.
        self._category_words = {
            key[0]: key
            for key, meanings in self._values.items()
            if len(key) == 1 and len(key[0]) > 4
            and any(v.kind is Kind.CATEGORY and not v.hint for v in meanings)
        }  # fmt: skip
        self._typos: dict[str, Key | None] = {}
        self.roles = {
            tuple(fold(role).split()): f.name
            for f in catalog.of_kind(Kind.PERSON)
            for role in f.roles
        }

    # --- titles ---------------------------------------------------------------------

    def titles(self, words: Sequence[Word]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Exact titles at any place: first word, word after the last, item ids; longest first."""
        folded = [word.folded for word in words]
        for size in range(min(_LONGEST_TITLE, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                ids = self._titles.get(tuple(folded[first : first + size]))
                if ids:
                    yield first, first + size, tuple(ids)

    def series(self, ids: Sequence[str]) -> tuple[str, ...]:
        """These items and all whose titles begin with the title of one: "the Die Hard films"."""
        beginnings = {
            min(_title_keys(self.catalog[i].title), key=len) for i in ids
        }  # fmt: skip
        found = dict.fromkeys(ids)
        for key, others in self._titles.items():
            if any(key[: len(start)] == start for start in beginnings):
                found.update(dict.fromkeys(others))
        return tuple(found)

    def theme_within(self, word: str) -> str:
        """The one-word theme that a word is made from: "christmas" of "christmassy", or ""."""
        themes = (
            folded
            for f in self.catalog.of_kind(Kind.KEYWORD)
            for folded in self.catalog.vocabulary.get(f.name, {})
            if len(folded) >= 5 and 0 < len(word) - len(folded) <= 4 and word.startswith(folded)
        )
        return max(themes, key=len, default="")

    def is_ordinary(self, word: str) -> bool:
        """Whether a word is one of the language, as far as the catalog's own text tells."""
        return word in self._ordinary or word in FUNCTION_WORDS or word in self.nouns

    def _add_telling_words(self) -> None:
        """Words that occur in one title and nowhere else name it: "totoro", "shawshank"."""
        found: dict[str, set[str]] = {}
        for item in self.catalog.items:
            for word in fold(item.title.replace("-", " ")).split():
                found.setdefault(word.removesuffix("'s"), set()).add(item.id)
        for word, ids in found.items():
            if len(word) < 6 or self.is_ordinary(word) or (word,) in self._titles:
                continue
            if (
                (singular(word),) in self._values
                or (word,) in self._people
                or word in self._first_names
            ):
                continue
            if len({_title_start(self.catalog[i].title) for i in ids}) == 1:
                self._titles[(word,)] = sorted(ids)
                self._telling.add((word,))
        starts: dict[Key, set[str]] = {}
        for item in self.catalog.items:
            if len(fold(item.title).split()) > 3:
                starts.setdefault(_title_start(item.title), set()).add(item.id)
        for start, ids in starts.items():  # "eternal sunshine", "harry potter"
            length = 4 if len(ids) == 1 else 3
            if all(len(w) > length and w not in FUNCTION_WORDS for w in start) and (
                len(start) == 2 and start not in self._titles
            ):  # fmt: skip
                self._titles[start] = sorted(ids)
                self._telling.add(start)

    def exact(self, words: Sequence[Word]) -> tuple[str, ...]:
        """The items of just this title."""
        return tuple(self._titles.get(tuple(word.folded for word in words), ()))

    def is_part_of_title(self, words: Sequence[Word]) -> bool:
        """Whether words name an item though they are only a part of its title."""
        return tuple(word.folded for word in words) in self._telling

    def share(self, name: str, values: Sequence[str]) -> float:
        """The part of the catalog that holds one of the values."""
        held = sum(bool(set(values) & set(i.facets.get(name, ()))) for i in self.catalog.items)
        return held / len(self.catalog)

    def title_with_typo(self, words: Sequence[Word]) -> tuple[int, tuple[str, ...]] | None:
        """The title that the first words are meant to spell: how many words, item ids."""
        best: tuple[float, int, tuple[str, ...]] | None = None
        for size in range(min(8, len(words)), 0, -1):
            if any(word.opens_clause for word in words[1:size]):
                continue
            spelling = " ".join(word.folded for word in words[:size])
            if len(spelling) < 5 or all(word.folded in FUNCTION_WORDS for word in words[:size]):
                continue
            if words[size - 1].folded in FUNCTION_WORDS and size > 1:
                continue
            found = process.extractOne(
                spelling, self._spellings.keys(), scorer=fuzz.ratio, score_cutoff=_TYPO_CUTOFF
            )
            if found and (best is None or found[1] > best[0]):
                best = (found[1], size, tuple(self._titles[self._spellings[found[0]]]))
        return best[1:] if best else None

    # --- values ---------------------------------------------------------------------

    def values(self, words: Sequence[Word]) -> Iterator[Match]:
        """Phrases of categories, keywords, hints and named ranges; longest first."""
        for size in range(min(6, len(words)), 0, -1):
            for first in range(len(words) - size + 1):
                key = tuple(word.singular for word in words[first : first + size])
                if key in self._values:
                    yield Match(first, first + size, tuple(self._values[key]))
        for first, word in enumerate(words):
            meant = self._category_meant(word)
            if meant:
                yield Match(first, first + 1, tuple(self._values[meant]))

    def _category_meant(self, word: Word) -> Key | None:
        """The category that an unknown word misspells: "documentry"."""
        spelling = word.singular
        if len(spelling) < 5 or self.is_ordinary(word.folded) or self.is_ordinary(spelling):
            return None
        if (word.folded,) in self._people or word.folded in self._title_words:
            return None
        if spelling not in self._typos:
            found = process.extractOne(
                spelling, self._category_words.keys(), scorer=fuzz.ratio,
                score_cutoff=_VALUE_TYPO_CUTOFF,
            )  # fmt: skip
            if len(self._typos) > 10_000:  # words of visitors, not to be kept for ever
                self._typos.clear()
            self._typos[spelling] = self._category_words[found[0]] if found else None
        return self._typos[spelling]

    def _add_field(self, f: Field) -> None:
        known = self.catalog.vocabulary.get(f.name, {})
        if f.kind in (Kind.CATEGORY, Kind.KEYWORD):
            only_named = {fold(value) for value in f.only_named}
            for folded, values in known.items():
                if folded not in only_named and not (
                    f.kind is Kind.KEYWORD and folded in FUNCTION_WORDS
                ):
                    hint = f.kind is Kind.KEYWORD
                    self._add(folded, Value(f.name, f.kind, values, hint=hint))
                    if hint:
                        self._add_head(f, folded, values)
            for value in f.only_named:  # an everyday word, plain beside a noun: "a family one"
                if fold(value) in known:
                    for noun in sorted(self.nouns):
                        named = Value(f.name, f.kind, (value,), bare_adjective=False)
                        self._add(f"{value} {noun}", named)
            for phrase, values in f.words.items():
                bare = len(phrase.split()) == 1
                present = tuple(v for v in values if fold(v) in known)
                if present:
                    self._add(phrase, Value(f.name, f.kind, present, bare_adjective=bare))
                for value in values:  # "Romance + Comedy" asks for both
                    parts = value.split(" + ")
                    if len(parts) > 1 and all(fold(part) in known for part in parts):
                        for part in parts:
                            self._add(phrase, Value(f.name, f.kind, (part,), bare_adjective=bare))
            for phrase, values in f.opposites.items():
                self._add(
                    phrase, Value(f.name, f.kind, values, opposite=True, bare_adjective=False)
                )
            for phrase, values in f.hints.items():
                present = tuple(v for v in values if fold(v) in known)
                if present:
                    self._add(phrase, Value(f.name, f.kind, present, hint=True))
        for direction, phrases in ((1, f.more), (-1, f.less)):
            for phrase in phrases:
                self._add(phrase, Value(f.name, f.kind, direction=direction))
        for phrase, bounds in f.ranges.items():
            limit = Limit((f.name,), minimum=bounds.get("min"), maximum=bounds.get("max"))
            self._add(phrase, Value(f.name, f.kind, limit=limit))

    def _add_head(self, f: Field, phrase: str, values: tuple[str, ...]) -> None:
        """A theme that ends in a category asks for it where its items bear that out.

        "teen comedy" is a comedy; "cold war" is no war film.
        """
        words = phrase.split()
        for other in self.catalog.of_kind(Kind.CATEGORY) if len(words) > 1 else ():
            head = self.catalog.vocabulary.get(other.name, {}).get(words[-1])
            if head and all(
                set(head) & set(item.facets.get(other.name, ()))
                for item in self.catalog.items
                if set(values) & set(item.facets.get(f.name, ()))
            ):
                self._add(phrase, Value(other.name, other.kind, head))

    def _add(self, phrase: str, value: Value) -> None:
        key = singular_key(phrase)
        if not key:
            return
        known = self._values.setdefault(key, [])
        if value not in known:
            known.append(value)

    # --- people ---------------------------------------------------------------------

    def people(self, words: Sequence[Word]) -> Iterator[tuple[int, int, dict[str, set[str]]]]:
        """Names of people, longest first: first word, word after the last, values by field.

        A surname alone counts where it is capitalised, follows a role ("by hitchcock") or
        is no other word of the language; a first name alone only behind a role. Misspelt
        names come last.
        """
        # Looking for typos is slow; nobody misspells so many names in one breath.
        unknown = [
            first for first in range(len(words))
            if any(len(w.folded) > 3 and not self.is_ordinary(w.folded) for w in words[first : first + 2])
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
            if last == first + 1 and (self.is_ordinary(word.folded) or self.is_ordinary(key[0])):
                continue
            several = {name: values for name, values in found.items() if len(values) > 1}
            if several:
                # Who only shares the name is left out where one field holds the family.
                name = max(several, key=lambda n: sum(self._credits[v] for v in several[n]))
                return first, last, {name: several[name]}
        return None

    def _is_thing_asked_for(self, word: Word) -> bool:
        meanings = self._values.get((word.singular,), ())
        return word.folded in self.nouns or any(
            value.kind is Kind.CATEGORY and not value.hint for value in meanings
        )

    def _by_first_name(self, words: Sequence[Word], first: int) -> dict[str, set[str]] | None:
        name = _without_possessive(words[first].folded)
        people = self._first_names.get(name, set())
        if len(people) != 1 or self.is_ordinary(name) or not self.role_before(words, first):
            return None
        (person,) = people
        return {
            f.name: {person}
            for f in self.catalog.of_kind(Kind.PERSON)
            if person in self.catalog.vocabulary.get(f.name, {}).get(fold(person), ())
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
            unknown = [w for w in folded if len(w) > 3 and not self.is_ordinary(w)]
            if not unknown or any(w in FUNCTION_WORDS for w in folded):
                continue
            if size == 1:
                named = (
                    role
                    or len(words) == 1
                    or (first + 1 < len(words) and self._is_thing_asked_for(words[first + 1]))
                )
                if len(folded[0]) < 6 or not named:
                    continue
                if folded[0] in self._title_words:
                    continue
            elif any(tuple(folded[n : n + 1]) in self._titles for n in range(size)):
                continue
            spelling = " ".join(folded)
            if spelling in self._names:
                continue
            match = process.extractOne(
                spelling, self._names.keys(), scorer=fuzz.ratio, score_cutoff=_NAME_TYPO_CUTOFF
            )
            if match and len(self._names[match[0]]) == size:
                yield first, first + size, self._best_known(self._people[self._names[match[0]]])
                return

    def role_before(self, words: Sequence[Word], first: int) -> tuple[str, int] | None:
        """The person field whose role stands right before a word, and where the role begins."""
        for size in (3, 2, 1):
            if first - size >= 0:
                key = tuple(word.folded for word in words[first - size : first])
                if key in self.roles:
                    return self.roles[key], first - size
        return None

    def _add_person(self, field: str, name: str) -> None:
        parts = fold(name).split()
        keys = {tuple(parts)}
        if len(parts) > 1 and len(parts[-1]) > 3:
            keys.add((parts[-1],))
        if len(parts) > 2 and parts[-2] in _PARTICLES:
            keys.add(tuple(parts[-2:]))
        for key in keys:
            self._people.setdefault(key, {}).setdefault(field, set()).add(name)

    def _surname_is_meant(self, words: Sequence[Word], place: int) -> bool:
        word = words[place]
        if self.role_before(words, place):
            return not (word.folded in self.nouns or word.folded in FUNCTION_WORDS)
        name = _without_possessive(word.folded)
        if name in _EVERYDAY_SURNAMES | FUNCTION_WORDS:
            return False
        behind = words[place + 1] if place + 1 < len(words) else None
        if behind and not behind.opens_clause and behind.text[:1].isupper() and not (
            self._is_thing_asked_for(behind)
        ):  # fmt: skip
            return False  # "James Bond"
        if len(self._first_names.get(name, ())) > 1:
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
            return place > 0 or len(name) >= 6 or not self.is_ordinary(name)
        # In lower case only a name that nothing else could be: "hitchcock thrillers".
        before = words[place - 1] if place and not word.opens_clause else None
        if before and not (
            self.is_ordinary(before.folded) or (before.singular,) in self._values
            or re.match(r"\d", before.folded)
        ):  # fmt: skip
            return False  # "agatha christie" is no other Christie
        known = max(self._credits[v] for values in self._people[(name,)].values() for v in values)
        return (
            len(name) > 4 and known > 1 and not self.is_ordinary(name)
            and name not in self._first_names and (name,) not in self._titles
        )  # fmt: skip

    def _ends_a_name(self, before: Word, place: int, name: str) -> bool:
        """Whether the capitalised word before makes another name of it: "New York"."""
        if not before.text[:1].isupper() or before.folded in self.nouns:
            return False
        if self._is_thing_asked_for(before) or (before.folded,) in self.roles:
            return False
        if place == 1 and (before.folded in FUNCTION_WORDS or self.is_ordinary(before.folded)):
            return False  # the capital marks the sentence
        firsts = {fold(v).split()[0] for vs in self._people[(name,)].values() for v in vs}
        return not any(f.startswith(before.folded[:3]) for f in firsts)  # "Leo DiCaprio"


def _without_possessive(word: str) -> str:
    return re.sub(r"'s?$", "", word)


def _ordinary_words(catalog: Catalog) -> set[str]:
    """Words that the catalog's own prose, themes and categories use in lower case."""
    texts = [text for item in catalog.items for text in item.texts.values()]
    texts += [
        value.lower()
        for f in catalog.of_kind(Kind.CATEGORY, Kind.KEYWORD)
        for values in catalog.vocabulary.get(f.name, {}).values()
        for value in values
    ]
    found = {word for text in texts for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", text)}
    folded = {fold(word) for word in found if word.islower()}
    return folded | {singular(word) for word in folded}


def _title_start(title: str) -> Key:
    """The first words of a title, by which the parts of a series are known."""
    words = fold(title.replace("-", " ")).split()
    words = words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words
    return tuple(words[:2])


def _title_keys(title: str) -> set[Key]:
    """The spellings under which a title is found: whole, without article, without subtitle."""
    whole = tuple(fold(title.replace("-", " ")).split())[:_LONGEST_TITLE]
    keys = {whole} if whole else set()
    main = tuple(fold(re.split(r"[:–—]\s", title)[0].replace("-", " ")).split())
    if len(main) > 1 or len(" ".join(main)) > 5:
        keys.add(main[:_LONGEST_TITLE])
    if "-" in title:  # "spiderman", "walle"
        keys.add(tuple(fold(title.replace("-", "")).split())[:_LONGEST_TITLE])
    for key in list(keys):
        if len(key) > 1 and key[0] in ("the", "a", "an") and len(" ".join(key[1:])) > 3:
            keys.add(key[1:])
    digits = {v: k for k, v in _NUMERALS.items()}
    for key in list(keys):
        # "oceans eleven", "twelve angry men", "fast and the furious"
        keys.add(tuple(word.replace("'", "") for word in key))
        if len(key) > 1:
            keys.add(tuple(digits.get(word, word) for word in key))
            keys.add(tuple(_NUMERALS.get(word, word) for word in key))
    return keys
