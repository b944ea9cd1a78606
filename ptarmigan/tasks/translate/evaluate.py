"""The evaluation of translations, with trivial ones as baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache, cached_property
from typing import Any

from numpy.typing import NDArray

from ptarmigan.data.samples import Samples, Source
from ptarmigan.metrics.evaluator import Evaluator
from ptarmigan.metrics.features import Features, choose_features, pixels
from ptarmigan.metrics.measure import Measure, Reference, Scale, choose
from ptarmigan.metrics.measures import FRECHET, KID
from ptarmigan.metrics.panel import Evaluation, Panel
from ptarmigan.metrics.quick import REFERENCE, QuickPanel
from ptarmigan.metrics.request import Notify, Request, ignore
from ptarmigan.metrics.thorough import Baselines, ThoroughPanel
from ptarmigan.metrics.view import View, raw_view
from ptarmigan.modalities.image.evaluate import MEASURES, features_of
from ptarmigan.modalities.image.extractors.pick import extractor
from ptarmigan.modalities.image.space import ImageSpace
from ptarmigan.modalities.registry import modality_of
from ptarmigan.tasks.translate import trivial
from ptarmigan.tasks.translate.case import Case, Raw
from ptarmigan.tasks.translate.hidden import GROWS, VISIBLE
from ptarmigan.tasks.translate.measures import CYCLE, EDGES, cycle_of, measures_of, quick_measures_of

DOMAIN = (FRECHET.key, KID.key)
"""Default measures of the distance to the target domain."""


class Translations(Panel):
    """Measures of outputs, one for each held-out input, against their targets and their inputs.

    Args:
        measures: of translations.
        case: the inputs.
        words: the protocol.
        errors: whether standard errors are computed.
        notify: is called with a line on what is being computed.
    """

    def __init__(
        self,
        measures: Iterable[Measure],
        case: Case,
        words: str,
        *,
        errors: bool = True,
        notify: Notify = ignore,
    ) -> None:
        self.case, self.words = case, words
        real = raw_view(case.samples.held_out)
        super().__init__(measures, Reference(real, real, has_held_out=False, errors=errors), case.n, notify)

    @cached_property
    def trivial_outputs(self) -> dict[str, Raw]:
        """The trivial translations of the inputs."""
        self.notify("trivial translations")
        return trivial.trivial(self.case.samples, self.case.inputs)

    def view(self, source: Source) -> View:
        """Outputs in the order of their inputs."""
        return raw_view(source)

    def real(self, measure: Measure) -> tuple[Reference, View]:
        """The targets, as the real reference."""
        return self.reference, raw_view(self.case.targets)

    def baselines(self, measure: Measure) -> Mapping[str, View]:
        """Trivial translations; without copies of the input for the measure of kept content."""
        if not self.reference.errors or measure.scales[0].name in CYCLE:
            return {}
        copies = trivial.COPIES if measure.key == EDGES else ()
        return {name: raw_view(raw) for name, raw in self.trivial_outputs.items() if name not in copies}

    def protocol(self, measure: Measure, scale: Scale) -> str:
        """The protocol, and the notes of the measure."""
        return "; ".join(filter(None, (self.words, measure.note(self.reference), scale.note)))


def evaluator(samples: Samples, request: Request, returned: tuple[Raw, Raw] | None = None) -> Evaluator:
    """The evaluator of translations of the first held-out inputs, or of all where there are fewer.

    Args:
        samples: the real ones, with inputs.
        request: measures, features and number of inputs.
        returned: the outputs translated back, and those with slight noise (see ``noisy``) translated back;
            None where the game has one direction only.

    Raises:
        ValueError: a measure is unknown, or ``n`` is not positive.
    """
    own = modality_of(samples.space).outputs
    if own is not None:
        return own(samples, request)
    n, what, notify = REFERENCE if request.n is None else request.n, samples.space.words, request.notify
    if n < 1:
        raise ValueError(f"{n} translations cannot be scored: at least 1 is needed (--n)")
    case = Case(samples, n, features_for(samples, request))
    known = measures_of(case)
    default = (*(measure.key for measure in known), *DOMAIN)
    chosen = choose((*known, *MEASURES), request.metrics or default, "translations")
    mine = tuple(measure for measure in chosen if measure in known)
    others = tuple(measure for measure in chosen if measure not in known)
    beside = trivial.describe_baselines(case.given.paired)
    pictures = isinstance(samples.space, ImageSpace)

    def thorough(source: Source) -> Evaluation:
        counted = f"translations; {what}; {case.n:,} outputs of held-out inputs; baselines: {beside}"
        cycle = () if returned is None else (cycle_of(case, returned),)
        panel = Translations((*mine, *cycle), case, counted, notify=notify)
        panel.features, panel.hash = case.features.name, case.features.hash
        found = panel.evaluate(source)
        if not pictures or not others:
            return found
        try:
            domain = of_domain(panel, others, what, beside).evaluate(source)
        except ValueError as error:  # such as too few pictures of the target domain
            words = f"distance to the target domain: not measured, as {error}"
            return replace(found, warnings=(*found.warnings, words))
        return replace(
            found,
            scores=(*found.scores, *domain.scores),
            warnings=(*found.warnings, *domain.warnings),
        )

    def quick() -> tuple[Panel, ...]:
        words = f"{case.n:,} outputs against their targets"
        paired = Translations(quick_measures_of(case), case, words, errors=False)
        if not pictures:
            return (paired,)
        return paired, QuickPanel(extractor("auto", samples), samples, (FRECHET,), case.n)

    return Evaluator(case.n, chosen, thorough, quick)


def of_domain(panel: Translations, measures: Iterable[Measure], what: str, beside: str) -> Panel:
    """The measures of the outputs as samples of the target domain, with the same baselines."""
    samples = panel.case.samples
    baselines: Baselines = {name: given_back(raw) for name, raw in panel.trivial_outputs.items()}
    return ThoroughPanel(
        panel.case.features,
        samples.source,
        samples.held_out,
        measures,
        panel.n,
        what=what,
        baselines=baselines,
        baseline_names=beside,
        notify=panel.notify,
    )


def given_back(raw: NDArray[Any]) -> Callable[[Any, int], NDArray[Any]]:
    """A trivial generator that returns given samples."""
    return lambda train, n: raw


def features_for(samples: Samples, request: Request) -> Callable[[], Features]:
    """The features of outputs: of label maps their numbers."""
    if isinstance(samples.space, ImageSpace):
        return cache(lambda: features_of(samples, request))
    return lambda: choose_features(request.features, pixels, request.weights)


def evaluate(
    samples: Samples, outputs: Raw, request: Request, returned: tuple[Raw, Raw] | None = None
) -> Evaluation:
    """The scores of outputs, with a warning of hidden information."""
    found = evaluator(samples, request, returned).evaluate(outputs)
    values = {score.scale.name: score.value.value for score in found.scores}
    said = warn_of_hidden_signal(*(values[name] for name in CYCLE)) if values.keys() >= {*CYCLE} else ""
    return replace(found, warnings=(*found.warnings, said)) if said else found


def warn_of_hidden_signal(clean: float, in_noise: float) -> str:
    """A warning of information that outputs hide (Chu et al. 2017, arXiv 1712.02950); empty for none.

    Args:
        clean: the cycle error.
        in_noise: the same, with slight noise in the outputs.
    """
    if in_noise <= VISIBLE or in_noise <= GROWS * clean:
        return ""
    return (
        f"Outputs hide information for the cycle: slight noise in them makes the cycle error "
        f"{in_noise / max(clean, 1e-9):,.0f} times as large"
    )
