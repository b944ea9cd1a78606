"""MaliGAN: Che et al. 2017, "Maximum-likelihood augmented discrete GANs", arXiv 1702.07983.

    ptarmigan train text.maligan --data captions.txt

Where D is the best discriminator, D/(1 − D) is p_data/p_G: the weight by which a generated sentence would
have come from the data. So the generator learns its own sentences by maximum likelihood, each with that
weight, normalised over the m sentences of a batch and less the mean, which lowers the variance (eq. 5 and
6):

    L_G = −Σ_i (r_i / Σ_j r_j − 1/m) log G(y_i),    r = D(y) / (1 − D(y))

After maximum likelihood for 80 epochs the published learning rate falls from 1e-2 to 1e-4; networks are
those of ``text.seqgan``, here smaller. A weight is of whole sentences; the mixture with real prefixes is
left out.
Cost and score: benchmarks/results/text.json
"""

from __future__ import annotations

from typing import Annotated

from ptarmigan.core.batch import Batch
from ptarmigan.core.game import Terms
from ptarmigan.modalities.text.game import AdversarialText, Language, Players
from ptarmigan.modalities.text.nets import SentenceCNN
from ptarmigan.modalities.text.source import Text
from ptarmigan.training.meaning import width_of
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

WIDTHS = (1, 2, 3, 4, 5, 7, 10)


class MaliGAN(AdversarialText):
    """Generated sentences, weighted as if they came from the data."""

    def generator_loss(self, batch: Batch) -> Terms:
        """−Σ_i (r_i / Σ_j r_j − 1/m) log G(y_i)."""
        ids = self.fake(batch)
        weights = self.discriminator(ids, batch.c).softmax(0)  # r is the exponential of a score
        return self.policy_loss(ids, (len(ids) * weights - 1)[:, None], batch.c)


@configurable
def recipe(
    data: Text = Text(),
    *,
    filters: Annotated[int, width_of("discriminator")] = 40,
    language: Language = Language(),
    players: Players = Players(),
    training: Training = Training(steps=2_500),
) -> Run:
    """A MaliGAN.

    Args:
        filters: of the discriminator, of each width.
    """
    samples = training.open(data)
    game = MaliGAN(
        language.model(samples),
        SentenceCNN(
            samples.space, language.width, [(size, filters) for size in WIDTHS], language.classes(samples)
        ),
        players.phases(training.steps),
    )
    return training.run(game, samples, players.optimizers(game))


small = dict(width=6, hidden=8, filters=2, pretraining=0.3, steps=4, batch=8)
