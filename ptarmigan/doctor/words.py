"""Why faults happen, where that is shown, and what helps."""

from __future__ import annotations

from dataclasses import dataclass

from ptarmigan.doctor.faults import Fault


@dataclass(frozen=True)
class Words:
    """What is known of a fault.

    Attributes:
        why: how it comes about, in two sentences.
        source: where that is shown.
        helps: what people do about it.
    """

    why: str
    source: str
    helps: str


WORDS = {
    Fault.DATA: Words(
        "A generator learns what it is shown, faults included, and it cannot make numbers that its last "
        "layer does not reach. What is constant, repeated, mislabelled or out of range leaves it nothing to"
        " learn, or teaches it wrong.",
        "Northcutt et al. 2021, arXiv 2103.14749; Parmar et al. 2022, arXiv 2104.11222",
        "look at the data with 'ptarmigan data SOURCE', and repair it there",
    ),
    Fault.DIVERGENCE: Words(
        "Each move of a player changes the losses of the others, and moves that are too large for how steep"
        " these are overshoot by more each time. Weights and scores then grow until no gradient means "
        "anything.",
        "Mescheder et al. 2018, arXiv 1801.04406; Brock et al. 2019, arXiv 1809.11096",
        "lower rates, a gradient penalty, --precision fp32",
    ),
    Fault.OVERFITTING: Words(
        "With few samples the discriminator learns them by heart: it separates training samples from "
        "held-out ones, which are as real. What it then teaches the generator is no longer how real "
        "samples differ from generated ones.",
        "Karras et al. 2020, arXiv 2006.06676; Zhao et al. 2020, arXiv 2006.10738",
        "more data, augmentation of what the discriminator sees, a stronger penalty, a smaller discriminator",
    ),
    Fault.MEMORISATION: Words(
        "A generator with more capacity than there is data can come as close to the training samples as it "
        "likes, and a discriminator that knows them by heart rewards it for that. Its samples are then "
        "copies, however good they score.",
        "Feng et al. 2021, arXiv 2202.11765; Webster et al. 2019, arXiv 1901.03396",
        "more data, augmentation, a smaller generator, an earlier stop",
    ),
    Fault.SATURATION: Words(
        "Outputs at the ends of their range have almost no gradient, so they stay there. Large weights or "
        "large steps push them to the ends, and the discriminator need look at nothing else.",
        "Glorot and Bengio 2010, 'Understanding the difficulty of training deep feedforward networks'",
        "lower rates, smaller initial weights, a gradient penalty",
    ),
    Fault.OSCILLATION: Words(
        "Near an equilibrium the players' gradients turn around it instead of pointing at it, and nothing "
        "damps that unless a penalty, an average or smaller moves do. So samples keep moving from one place"
        " to another and settle nowhere.",
        "Mescheder et al. 2018, arXiv 1801.04406; Gidel et al. 2019, arXiv 1802.10551",
        "zero-centred gradient penalties, lower or decaying rates, less momentum, EMA weights",
    ),
    Fault.COLLAPSE: Words(
        "The generator is paid for every sample that passes, and not for how many kinds of them there are: "
        "it leaves out what is hard and repeats what passes now. The discriminator sees samples one by one,"
        " so it cannot say that one kind is missing.",
        "Metz et al. 2017, arXiv 1611.02163; Lin et al. 2018, arXiv 1712.04086",
        "a relativistic loss with R1 and R2, a gradient penalty, lower rates, packing, larger batches",
    ),
    Fault.TOO_STRONG: Words(
        "A discriminator that separates all samples is flat, or points anywhere, where the generated ones"
        " lie. Then the generator's gradient vanishes or says nothing of where to go.",
        "Arjovsky and Bottou 2017, arXiv 1701.04862",
        "a gradient penalty, a lower rate or fewer moves for it, a loss that does not saturate",
    ),
    Fault.TOO_WEAK: Words(
        "The generator can learn no more than its discriminator's gradient shows, and this one does not "
        "separate samples that plainly differ. It is too small, too slow, or held down by its penalty.",
        "Heusel et al. 2017, arXiv 1706.08500",
        "a larger or faster discriminator, more of its moves for one of the generator, a smaller penalty",
    ),
    Fault.ONE_FOR_ALL: Words(
        "One picture that passes for real is answer enough where nothing asks for the right one, and a "
        "discriminator that never sees the input cannot ask. Rates that are too high also drive a network to"
        " where its input no longer matters.",
        "Isola et al. 2017, arXiv 1611.07004; Benaim and Wolf 2017, arXiv 1706.00826",
        "lower rates, more weight on what ties outputs to inputs (targets, cycle, content)",
    ),
    Fault.IGNORED: Words(
        "The discriminator asks that outputs look real, and not that they belong to their inputs. Where "
        "targets, a cycle or patches that must agree weigh too little, any real-looking picture will do.",
        "Zhu et al. 2017, arXiv 1703.10593; Park et al. 2020, arXiv 2007.15651",
        "more weight on what ties outputs to inputs (targets, cycle, content), pairs that really match",
    ),
    Fault.UNCHANGED: Words(
        "Giving back the input costs nothing in a cycle, in an identity loss or in a content loss. Only the "
        "discriminator asks for a change, and it asks too little or weighs too little.",
        "Zhu et al. 2017, arXiv 1703.10593; Benaim et al. 2018, arXiv 1806.06029",
        "less weight on cycle, identity and content, a larger or faster discriminator",
    ),
    Fault.HIDDEN: Words(
        "What a translation has to lose, a cycle makes it keep: it writes that into its outputs as a signal "
        "too faint to see, and the way back reads it there. The cycle error is then small whether content is"
        " kept or not, and slight noise shows it.",
        "Chu et al. 2017, arXiv 1712.02950; Bashkirova et al. 2019, arXiv 1908.01517",
        "less weight on the cycle, or a recipe that needs none, such as translate.cut",
    ),
    Fault.STALLED: Words(
        "The samples are far from the real ones and no longer change: the moves are too small, or the "
        "gradients are. Rates that are far too low, weights that begin at almost nothing and dead units all"
        " look like this.",
        "Saxe et al. 2014, arXiv 1312.6120; Glorot and Bengio 2010",
        "higher rates, usual initial weights, a loss that does not saturate",
    ),
    Fault.UNDERFITTING: Words(
        "The samples were still becoming better when the run stopped, or the generator is too small to make"
        " any better ones. With more steps most systems come to like scores.",
        "Lucic et al. 2018, arXiv 1711.10337",
        "more steps, a larger generator, a higher rate",
    ),
}


UNCALIBRATED = (
    "the doctor's thresholds were never tuned on runs of this kind of data: take what it says as a hint"
)

SIGNS = {
    "auc": "chance that a real sample scores above a generated one",
    "auc_held_out": "the same for held-out ones",
    "membership_auc": "chance that a training sample scores above a held-out one",
    "gradient_norm": "norm of the discriminator's gradient at generated samples",
    "grad": "gradient norm of the",
    "turn": "cosine of successive moves of the",
    "vendi": "effective number of samples, of that of real ones",
    "diversity": "distance between samples, of that of real ones",
    "duplicates": "share of samples with a twin",
    "coverage": "share of the data in groups with any sample",
    "share": "share of group",
    "class": "variety, of that of real ones, within class",
    "movement": "how far samples of the same latents move between probes",
    "copies": "share of copies of training samples",
    "distance": "distance to the nearest training sample, of that between these",
    "edge": "share of numbers at the ends of the range",
    "unreached": "share of the data's numbers that no output reaches",
    "pinned": "share of outputs at their own ends",
    "finite": "share of finite samples",
    "frechet": "Fréchet distance of cheap features",
    "two_sample_accuracy": "accuracy of a nearest-neighbour classifier of real against generated",
    "precision": "share of samples like a real one",
    "input_sensitivity": "distance between outputs of other inputs, of that of real samples",
    "follows": "chance that an output belongs to its own input rather than to another",
    "changed": "distance of outputs to inputs, of that of real samples",
    "cycle": "error of the way back",
    "cycle_noise": "the same after slight noise",
}
"""Vital signs as people read them."""
