"""The numbers that a diagnosis goes by, all of them; tuned by benchmarks/doctor.py."""

from __future__ import annotations

SAMPLES = 128
"""Samples in a probe."""
WINDOW = 5
"""Probes whose median is looked at."""
LASTING = 5
"""Probes for which something must hold."""
PATIENCE = 8
"""Probes for which it must hold where it may pass while the run goes on."""
ENDING = 0.95
"""The fraction of a run from which on little will pass."""
BEFORE = 6
"""Probes between two looks at what should be becoming better."""
LONG = 30
"""Probes over which the restlessness of samples is averaged."""
EARLY = 0.04
"""The fraction of a run in which a generator may still be anything."""

# The data
CONSTANT = 0.05
"""Share of samples that hold a single number throughout."""
REPEATED = 0.3
"""Share of samples that equal an earlier one."""
NARROW = 0.1
"""Standard deviation of the encoded data."""
IMBALANCED = 50.0
"""Samples of the largest class for one of the smallest."""
MISLABELLED = 0.12
"""Share of samples whose neighbours agree on another class."""
AGREEING = 0.2
"""How far from chance to certainty the labels of neighbours agree, at least."""
UNREACHED = 0.1
"""Share of the data's numbers that no output reaches, and share of the outputs that are at their own ends."""

# How good samples are
FAR = 0.2
"""Fréchet distance of cheap features, beyond that of held-out samples, when samples are bad."""
HOPELESS = {False: 0.1, True: 0.3}
"""The same at the end of a run, when there is no use in waiting for it to fall. Of points, and of
images, whose numbers have bounds."""
SOON = 0.75
"""How it falls in a healthy run: with the fraction that is done, to the power of minus this."""
CLOSE = 0.08, 0.03
"""The same distance, and change of that share, which say nothing of whether samples become better."""
UNLIKE = {False: 0.35, True: 0.1}
"""Alike, the share of samples that look like real ones, over that of held-out ones, when they are bad."""

# Numbers out of hand
SKIPPED = 0.5
"""Share of steps that were skipped."""
FINITE = 0.99
"""Share of samples that are finite, at least."""
EXPLODED = 100.0
"""Standard deviation of the scores of real samples, or distance of their mean from that of generated ones."""
STEEPEST = 1e4
"""Length of a player's gradient."""

# Variety
SINGLE = 1.5
"""Effective number of different samples, when all are the same."""
SAME = 0.05
"""Mean distance of two samples over that of real ones, when all are the same."""
POOR = 0.2
"""Effective number of different samples over that of real ones."""
LEFT_OUT = 0.2
"""Share of a class or mode over its due, below which it is left out."""
COVERED = 0.93
"""Share of the data in groups that any sample falls into."""
ALIKE = 0.35
"""Variety within a class over that of the data, below which the class has collapsed."""
GROWING = 1.15
"""Variety, or the share of samples like real ones, that grows by so much between looks is still coming."""

# The discriminator
STRONG_AUC = 0.94
"""Chance that a real sample scores above a generated one, when the discriminator is too strong."""
WEAK_AUC = 0.6
"""The same, when it is too weak."""
WEAK_GRADIENT = 0.15
"""The norm of its gradient, in scores over the distance of two real samples, when it says too little."""
NO_GRADIENT = 0.02
"""The same, when it says nothing."""
MEMBERSHIP_AUC = 0.64
"""Chance that a training sample scores above a held-out one."""
IMPROVING = 1.1
"""A distance to real samples that shrinks by so much between looks is still coming down."""

# The generator
COPIES = 0.1
"""Share of samples that are copies, beyond that of held-out ones."""
CHANCE_COPIES = 0.1
"""That share where no samples are held out: what it is of points in the plane."""
WANDERING = 0.18
"""Total variation of the shares of classes or modes between looks, beyond what chance makes."""
JUMPING = 0.6
"""How far samples of the same latents move between probes, in distances of real samples."""
STILL = 0.01
"""The same, when nothing moves."""
BOUND = 0.02
"""How much the ends of the outputs' range move, in lengths of it, where the network bounds them."""
AT_ENDS = 0.15
"""Share of numbers at the ends of their range, beyond that of real samples."""
STILL_BETTER = 0.15
"""How much the first score fell over the last quarter of the run."""
STALLED_BEFORE = 0.25
"""The fraction of the run that must be left when the samples stop moving; at its end rates may fade."""

# Translations
INSENSITIVE = 0.05
"""Distance of the outputs of two inputs, over that of real samples, when they are one output for all."""
FOLLOWS = 0.1
"""How far from a half the chance is that an output belongs to its own input, when it ignores it."""
UNCHANGED = 0.1
"""Distance of outputs to their inputs, over that of real samples to these, when nothing is changed."""
