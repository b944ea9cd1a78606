"""Maximum likelihood of an LSTM: Mikolov et al. 2010, "Recurrent neural network based language model".

    ptarmigan train text.mle --data captions.txt
    ptarmigan sample runs/text.mle-captions --n 1000 --temperature 0.8 --out sentences.txt

No GAN, but what every text GAN begins with and is compared to: an LSTM (Hochreiter and Schmidhuber 1997)
that is trained on real sentences, each token given those before it,

    min_G −E[Σ_t log G(x_t | x₁ … x_{t−1})]

At a temperature T below 1, from the distributions G^{1/T} made to sum to one, it says less, and what it
says is better by most measures: Caccia et al. 2020, "Language GANs falling short", arXiv 1811.02549, find
that no text GAN of its time lies above the curve that maximum likelihood draws so.
Cost and score: after 1,500 steps on COCO captions, at T = 0.9:
BLEU-3 0.545 with self-BLEU-3 0.571 (a 4-gram sampler: 0.500 with 0.528); benchmarks/results/text.json
"""

from __future__ import annotations

from ptarmigan.core.game import Turn
from ptarmigan.core.optim import adam
from ptarmigan.modalities.text.game import Language, LanguageGame
from ptarmigan.modalities.text.source import Text
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run


class MaximumLikelihood(LanguageGame):
    """A language model alone."""

    def turns(self) -> tuple[Turn, ...]:
        """The likelihood of real sentences."""
        return (Turn(("generator",), self.likelihood_loss),)


@configurable
def recipe(
    data: Text = Text(),
    *,
    lr: float = 2e-3,
    language: Language = Language(width=128, hidden=256),
    training: Training = Training(steps=1_500, batch=64),
) -> Run:
    """A language model by maximum likelihood."""
    samples = training.open(data)
    game = MaximumLikelihood(language.model(samples))
    return training.run(game, samples, {"generator": adam(game.generator, lr, (0.9, 0.999))})


small = dict(width=8, hidden=12, steps=4, batch=16)
