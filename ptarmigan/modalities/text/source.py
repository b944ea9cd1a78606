"""Text by one argument: a file, a folder, strings in memory, or sentences of a small grammar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ptarmigan.core.errors import about
from ptarmigan.data.blank import Blank
from ptarmigan.data.glimpse import text_of
from ptarmigan.data.permutation import permute
from ptarmigan.data.samples import ArraySource, Samples
from ptarmigan.media.files import path_of
from ptarmigan.modalities.text import grammar
from ptarmigan.modalities.text.files import Corpus, read
from ptarmigan.modalities.text.space import TextSpace
from ptarmigan.modalities.text.tokenizer_json import read_tokenizer
from ptarmigan.modalities.text.tokens import AUTO, CHARACTERS, UNK, WORDS, split, tokenizer_for
from ptarmigan.modalities.text.vocabulary import Ids, vocabulary_in, vocabulary_of

SHARE, MOST, FEWEST = 10, 10_000, 50
"""One in ten sentences is held out, at most 10,000, and none of fewer than 50."""

NAMED = "it names every token that occurs {} time{} or more: --least 5 leaves out those of fewer"


@dataclass(frozen=True)
class Text:
    """The sentences to learn from, and how they are read."""

    data: Any = grammar.NAME
    """grammar (sentences of a small grammar), dialogue (questions and answers), or the path of a .txt file,
    a sentence a line, of a .jsonl, .csv, .tsv or .parquet file with a column of text, or of a folder or an
    archive of .txt files, in folders of classes or not. In Python also a list of strings, a data frame, or
    a Blank."""
    tokenizer: str = AUTO
    """words (between blanks), characters, the path of a vocabulary (a .txt file, a token a line, or another
    run's tokenizer.json), or auto: words where sentences have blanks."""
    lower: bool = False
    """Make all letters lower case."""
    least: int = 2
    """Tokens that occur less often are unknown, and never sampled."""
    longest: int = 64
    """Tokens of a sentence, at most: longer ones are cut."""
    column: str = ""
    """The column that holds the text; the only one, or one that is called so, when empty."""
    label: str = ""
    """The column that holds the class of each."""
    question: str = ""
    """The column that holds what each text answers."""
    held_out: str = ""
    """A source of the same form that is not trained on, to score against. When empty: the folder test beside
    train, the file …test.txt beside …train.txt, or else one sentence in ten, at most 10,000."""

    def open(self, *, batch: int, seed: int = 0) -> Samples[TextSpace]:
        """The sentences, shuffled by ``seed`` and cut into batches.

        Args:
            batch: sentences in a batch.
            seed: the random seed of the shuffle.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: it cannot be read as text; the message says why and what to do.
        """
        if isinstance(self.data, Blank):
            return Samples(self.data, self.data.of(TextSpace), batch=batch, seed=seed)
        corpus = self.read()
        with about(self.data):
            space = self.space(corpus)
        source = source_of(corpus, space)
        held_out = None if corpus.held_out is None else source_of(corpus.held_out, space)
        others = None if held_out is None else held_out.raw
        if others is not None and not (others > UNK).any():
            raise ValueError("the held-out text has no token that the text to learn from has")
        samples = Samples(source, space, batch=batch, seed=seed, held_out=held_out)
        samples.understood = tuple(understood(corpus, space, source.raw, others))
        if text_of(self.data) not in grammar.NAMES:
            samples.named += (NAMED.format(self.least, "s" * (self.least > 1)),)
        return samples

    def read(self) -> Corpus:
        """The sentences, and those held out.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: there is no text; the message says why and what to do.
        """
        if self.longest < 2 or self.least < 1:
            raise ValueError(
                f"--longest is 2 or more, and --least 1 or more, not {self.longest} and {self.least}"
            )
        if (name := text_of(self.data)) in grammar.NAMES:
            return built_in(name)
        if self.question and self.label:
            raise ValueError("--question and --label: answers are conditioned on one, leave the other out")
        columns = (self.column, self.label, self.question)
        corpus = read(self.data, *columns)
        if not len(corpus):
            raise ValueError(f"{named(self.data)} holds no sentence: all lines are empty")
        other = self.held_out or sibling(self.data)
        if other:
            said = f"held out: {other}"
            return replace(corpus, held_out=read(other, *columns), notes=(*corpus.notes, said))
        return corpus if corpus.held_out is not None else with_some_held_out(corpus)

    def space(self, corpus: Corpus) -> TextSpace:
        """What one sentence is: the vocabulary and the length of the longest, of those to learn from."""
        tokenizer, known = self.tokenizer, None
        if tokenizer not in (AUTO, WORDS, CHARACTERS):
            if not Path(tokenizer).suffix:
                raise ValueError(
                    f"--tokenizer {tokenizer}: expected words, characters, auto or the path of a vocabulary"
                )
            path = path_of(tokenizer)
            read_known = read_tokenizer if path.suffix.lower() == ".json" else vocabulary_in
            known, tokenizer = read_known(path)
        if tokenizer == AUTO:
            tokenizer = tokenizer_for(corpus.texts)
        sentences, questions = (
            [split(text, tokenizer, self.lower)[: self.longest] for text in texts]
            for texts in (corpus.texts, corpus.questions)
        )
        lengths = np.array([len(sentence) for sentence in sentences])
        return TextSpace(
            vocabulary=known or vocabulary_of([*sentences, *questions], self.least),
            length=int(lengths.max()),
            tokenizer=tokenizer,
            lower=self.lower,
            ends=bool((lengths < lengths.max()).any()),
            question=max(map(len, questions), default=0),
            classes=tuple(sorted(set(corpus.labels))),
        )


def built_in(name: str) -> Corpus:
    """The sentences of a named set."""

    def of(n: int, *stream: str) -> Corpus:
        if name == grammar.DIALOGUE:
            questions, answers = grammar.dialogues(n, *stream)
            return Corpus(list(answers), questions=list(questions))
        texts, kinds = grammar.sentences(n, *stream)
        return Corpus(list(texts), list(kinds))

    return replace(of(grammar.SENTENCES), held_out=of(grammar.HELD_OUT, "held out"))


def source_of(corpus: Corpus, space: TextSpace) -> ArraySource:
    """Sentences in memory, as rows of numbers."""
    if not len(corpus):
        raise ValueError("the held-out text holds no sentence: all lines are empty")
    raw = space.number(corpus.texts, space.length)
    if space.question:
        raw = np.concatenate([space.number(corpus.questions, space.question), raw], 1)
    return ArraySource(raw, corpus.numbers(space.classes), space.classes)


def with_some_held_out(corpus: Corpus) -> Corpus:
    """One sentence in ten held out, where there are enough."""
    n = len(corpus)
    if n < FEWEST:
        return corpus
    others = set(permute(np.arange(min(n // SHARE, MOST)), n, "text", "held out").tolist())
    train = [i for i in range(n) if i not in others]
    if set(corpus.labels) - {corpus.labels[i] for i in train if corpus.labels}:
        return corpus  # a class would have no sentence left
    return replace(corpus.some(train), held_out=corpus.some(sorted(others)))


def sibling(data: Any) -> str:
    """The file …test.txt beside a file …train.txt, where there is one; else nothing."""
    path = path_of(data) if isinstance(data, str | Path) else Path()
    if not path.stem.endswith("train"):
        return ""
    other = path.with_name(f"{path.stem.removesuffix('train')}test{path.suffix}")
    return str(other) if other.is_file() else ""


def understood(corpus: Corpus, space: TextSpace, raw: Ids, held_out: Ids | None) -> list[str]:
    """What was read, and what became of it, in lines for people."""
    n, known = len(corpus), len(space.vocabulary)
    cut = sum(
        len(split(text, space.tokenizer, space.lower)) > length
        for texts, length in ((corpus.texts, space.length), (corpus.questions, space.question))
        for text in texts
    )
    others = "" if held_out is None else f", and {unknown(held_out):.3g} % of those held out"
    tokens = int((raw >= UNK).sum())
    parts = [f"{space.tokenizer}: {known:,} are known, {unknown(raw):.3g} % of {tokens:,} are not{others}"]
    parts += [f"{cut:,} of {n:,} sentences are longer than --longest, and are cut"] if cut else []
    parts += [f"{corpus.empty:,} lines are empty, and are left out"] if corpus.empty else []
    return [*corpus.notes, "; ".join(parts)]


def unknown(raw: Ids) -> float:
    """How many in a hundred tokens are not known."""
    return 100 * int((raw == UNK).sum()) / max(1, int((raw >= UNK).sum()))


def named(data: Any) -> str:
    """What people call the data."""
    return str(data) if isinstance(data, str | Path) else f"the {type(data).__name__}"
