"""A vocoder whose phases are sums of advances, after Morrison et al. 2022, "CARGAN", arXiv 2110.10139.

    ptarmigan train sound.phase_vocoder --data recordings.zip
    ptarmigan translate runs/phase_vocoder speech.wav

``sound.vocos`` (Siuzdak 2024, arXiv 2306.00814) makes of every log-mel frame the magnitudes and phases of a
Fourier transform. But frames of a steady vowel are all the same, and so are the phases that convolutions make
of them, while those of a tone of frequency f advance by 2π f times the hop from frame to frame: what is made
repeats itself with every hop, and its pitch is wrong until the network counts hops. Morrison et al. show that
for any such vocoder, and that it is a sum that is missing. Here it is: as in the phase vocoder (Flanagan and
Golden 1966), the network says how far the phase of every bin k advances beyond the bin's own frequency,

    φ_t = θ_t + Σ_{s ≤ t} (2π k hop / window + δ_s),    (m, θ, δ) = G(mel),    x̂ = ISTFT(a · exp(m + iφ))

and magnitudes begin with those that the frames have by least squares, a (FreeV: Lv et al. 2024, arXiv
2406.08196). At first G minimises λ times distances alone, of log-mel frames and of magnitudes at four windows
(Parallel WaveGAN: Yamamoto et al. 2020, arXiv 1910.11480, equations 4 to 6),

    L_stft = ‖|X| − |X̂|‖_F / ‖X‖_F + ‖log |X| − log |X̂|‖₁,

a step of which costs a seventh of one with the discriminators; then Vocos's discriminators and losses too.
Cost and score: benchmarks/results/sound.json
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ptarmigan.core.game import Terms
from ptarmigan.core.optim import adamw
from ptarmigan.core.schedule import cosine
from ptarmigan.modalities.sound.mel import bands, magnitude, of_frames
from ptarmigan.modalities.sound.mel_space import MelSpace
from ptarmigan.modalities.sound.nets import periods_and_resolutions
from ptarmigan.modalities.sound.source import Mel, Sounds
from ptarmigan.nets.waves import FrameNetwork
from ptarmigan.tasks.translate.vocoder import HINGES, Vocoder, frames_of, mel_distance
from ptarmigan.training.recipe import Training, configurable
from ptarmigan.training.run import Run

WINDOWS = (2.0, 1.0, 0.5, 0.25)
"""Those of the distance of magnitudes, in windows of the mel frames; hops are a quarter."""
LOUDEST, QUIETEST, FAINT = 1e2, 1e-4, 1e-3
"""The largest magnitude of a bin, the smallest one by least squares, and what counts as nothing."""


class PhaseVocoder(nn.Module):
    """Log-mel frames to sound, by magnitudes and advances of phases.

    Args:
        space: of the frames from which sound is made.
        width: channels.
        blocks: how many.
    """

    inverse: Tensor
    own: Tensor

    def __init__(self, space: MelSpace, width: int, blocks: int) -> None:
        super().__init__()
        self.form = space.window, space.hop
        bins = space.window // 2 + 1
        self.network = FrameNetwork(space.count, width, blocks, 3 * bins)
        weights = np.linalg.pinv(bands(space.rate, space.window, space.count, space.low, space.high))
        turns = torch.arange(bins) * (space.hop / space.window)
        self.register_buffer("inverse", torch.from_numpy(weights).to(torch.get_default_dtype()))
        self.register_buffer("own", (2 * torch.pi * turns)[:, None])

    def forward(self, mel: Float[Tensor, "batch band frame"]) -> Float[Tensor, "batch 1 length"]:
        """A hop of samples for every frame."""
        said = self.network(mel)
        with torch.autocast(mel.device.type, enabled=False):
            louder, phase, ahead = said.to(torch.promote_types(said.dtype, torch.float32)).chunk(3, 1)
            least_squares = (self.inverse @ mel.to(louder).exp()).clamp_min(QUIETEST)
            size = (least_squares.log() + louder).exp().clamp_max(LOUDEST)
            spectrum = torch.polar(size, phase + (self.own + ahead).cumsum(2))
            return of_frames(spectrum, *self.form)


def stft_distance(made: Tensor, x: Tensor, windows: list[int]) -> Tensor:
    """L_stft of generated and real waves ``(n, length)``, a mean over windows."""
    found = []
    for window in windows:
        real, fake = (magnitude(waves, window, window // 4) for waves in (x, made))
        norm = real.square().sum((1, 2)).sqrt().clamp_min(FAINT)
        convergence = ((real - fake).square().sum((1, 2)) + FAINT**2).sqrt() / norm
        apart = F.l1_loss(fake.clamp_min(FAINT).log(), real.clamp_min(FAINT).log())
        found.append(convergence.mean() + apart)
    return torch.stack(found).mean()


@configurable
def recipe(
    data: Sounds = Sounds(),
    *,
    segment: int = 4_096,
    width: int = 128,
    blocks: int = 4,
    discriminator_width: int = 4,
    share: float = 0.1,
    weight: float = 45.0,
    alone: float = 0.8,
    lr: float = 1e-3,
    training: Training = Training(batch=8, half_life=10_000.0, steps=5_000),
) -> Run:
    """A phase vocoder.

    Args:
        blocks: of the generator.
        share: of the discriminators of resolutions in the loss.
        weight: λ, of both distances.
        alone: the share of the run in which the generator minimises distances alone.
    """
    samples = training.open(data, segment=segment, mel=Mel())
    given = frames_of(samples)
    generator = PhaseVocoder(given, width, blocks)
    discriminator = periods_and_resolutions(given.window, discriminator_width, share)
    frames, windows = mel_distance(given.front, weight), [round(w * given.window) for w in WINDOWS]

    def near(made: Tensor, x: Tensor) -> Terms:
        return {"stft": weight * stft_distance(made, x, windows)} | frames(made, x)

    steps = round(alone * training.steps)
    game = Vocoder(generator, discriminator, near, loss=HINGES, features=torch.mean, alone=steps)
    players = ("discriminator", "generator")
    optimizers = {name: adamw(game.get_submodule(name), lr, (0.9, 0.999)) for name in players}
    return training.run(game, samples, optimizers, rate=cosine(1.0, 0.0))


small = dict(segment=1_024, width=8, blocks=1, discriminator_width=1, alone=0.5, steps=4, batch=2)
