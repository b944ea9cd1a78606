"""A small set of English sentences made by a grammar, with the kind of each: what works without any data."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ptarmigan.core.noise import key

NAME, DIALOGUE = "grammar", "dialogue"
NAMES = (NAME, DIALOGUE)
SENTENCES, HELD_OUT = 4_000, 1_000
KINDS = ("place", "action", "question")
RULES = {
    "place": "NOUN PLACED PREPOSITION NOUN . | NOUN PLACED PREPOSITION NOUN and NOUN PLACED nearby .",
    "action": "NOUN ACTS NOUN . | NOUN ACTS NOUN TIME . | NOUN who PLACED PREPOSITION NOUN ACTS NOUN .",
    "question": "does NOUN ACT NOUN ? | why does NOUN ACT NOUN TIME ?",
    "NOUN": "a THING | the THING | a QUALITY THING | the QUALITY THING",
    "THING": "bird | cat | child | cook | dog | farmer | fisher | goat | horse | nurse | painter | pilot",
    "QUALITY": "big | brave | brown | calm | clever | green | happy | hungry | old | quiet | small | tired",
    "PLACED": "is | sits | stands | sleeps | waits",
    "PREPOSITION": "behind | beside | in front of | near | next to | under",
    "ACTS": "calls | draws | feeds | finds | follows | hears | helps | likes | meets | paints | sees",
    "ACT": "call | draw | feed | find | follow | hear | help | like | meet | paint | see",
    "TIME": "at night | every day | in the morning | today | when it rains | without a word",
}
"""What each symbol may become; symbols are in capitals, or kinds of sentences."""


@lru_cache(maxsize=4)
def sentences(n: int, *stream: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``n`` sentences and the kind of each; equal probabilities wherever there is a choice."""
    rng = np.random.default_rng(key("text", NAME, *stream))
    kinds = [KINDS[kind] for kind in rng.integers(len(KINDS), size=n)]
    return tuple(expanded(kind, rng) for kind in kinds), tuple(kinds)


@lru_cache(maxsize=4)
def dialogues(n: int, *stream: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``n`` questions of who does what, and an answer to each: yes or no, and what is the case."""
    rng = np.random.default_rng(key("text", DIALOGUE, *stream))
    acts, tells = RULES["ACT"].split(" | "), RULES["ACTS"].split(" | ")
    questions, answers = [], []
    for _ in range(n):
        one, other = (f"the {expanded('THING', rng)}" for _ in range(2))
        act = int(rng.integers(len(acts)))
        questions.append(f"does {one} {acts[act]} {other} ?")
        told = (f"yes , {one} {tells[act]} {other} .", f"no , {other} {tells[act]} {one} .")
        answers.append(told[rng.integers(2)])
    return tuple(questions), tuple(answers)


def expanded(symbol: str, rng: np.random.Generator) -> str:
    """What a symbol of the grammar becomes; any other word is itself."""
    if symbol not in RULES:
        return symbol
    choices = RULES[symbol].split(" | ")
    return " ".join(expanded(part, rng) for part in choices[rng.integers(len(choices))].split())
