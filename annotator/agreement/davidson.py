"""Davidson's model of comparisons with ties, fitted by Newton's method to many data sets at once.

For contestants i and j with log strengths θ and a tie parameter η = log ν:

    P(i wins) : P(tie) : P(j wins)  =  exp(θ_i) : exp(η + (θ_i + θ_j) / 2) : exp(θ_j)

Two equals tie with probability ν / (2 + ν). Without ties it is the Bradley-Terry model. It was chosen over Rao and
Kupper's threshold model because it is an exponential family: the log-likelihood is concave in (θ, η), so
Newton's method finds its one maximum, and in a balanced experiment it ranks as two points for a win and one for
a tie do.

Sources: Davidson (1970), On extending the Bradley-Terry model to accommodate ties in paired comparison
experiments, JASA 65; Bradley & Terry (1952), Rank analysis of incomplete block designs, Biometrika 39.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from annotator.agreement.long_form import Floats, Ints

_MAX_ITERATIONS = 100
_MAX_HALVINGS = 30
# Newton's decrement is about twice what the objective still lacks: this leaves ratings exact to about 1e-6.
_TOLERANCE = 1e-12


@dataclass(frozen=True, slots=True)
class DavidsonFit:
    """Fits of R data sets: `strengths` `(R, G)`, `tie` η `(R,)`, `objective` `(R,)`, `converged` `(R,)` bool."""

    strengths: Floats
    tie: Floats
    objective: Floats
    converged: NDArray[np.bool_]


def outcome_probabilities(difference: Floats, tie: Floats) -> Floats:
    """P(first wins), P(tie), P(second wins), last axis 3, for θ_first - θ_second and η of one shape."""
    logits = np.stack([difference / 2, np.broadcast_to(tie, difference.shape), -difference / 2], axis=-1)
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return odds / odds.sum(axis=-1, keepdims=True)


def fit_davidson(
    first: Ints, second: Ints, counts: Floats, *, contestants: int, prior_sd: float
) -> DavidsonFit:
    """Fit R data sets over the same P pairs of contestants.

    Args:
        first, second: `(P,)` contestants of each pair, numbered from 0, `first != second`.
        counts: `(R, P, 3)` how often first won, they tied, second won; any weights of at least 0.
        contestants: G.
        prior_sd: standard deviation of the normal prior, mean 0, on every θ and on η. It makes the maximum
            exist and be unique whatever the data, and centres the θ of each connected group on 0.
    """
    model = _Model(first, second, counts, contestants, 1 / prior_sd**2)
    parameters = np.zeros((len(counts), contestants + 1))
    value = model.objective(parameters)
    converged = np.zeros(len(counts), dtype=bool)
    for _ in range(_MAX_ITERATIONS):
        gradient, information = model.derivatives(parameters)
        step: Floats = np.linalg.solve(information, gradient[..., None])[..., 0].astype(np.float64)
        converged = (gradient * step).sum(axis=1) < _TOLERANCE * np.maximum(1, np.abs(value))
        if converged.all():
            break
        parameters, value = _climb(model, parameters, value, step)
    return DavidsonFit(parameters[:, :-1], parameters[:, -1], value, converged)


def _climb(model: "_Model", parameters: Floats, value: Floats, step: Floats) -> tuple[Floats, Floats]:
    """Take the Newton step, halved for each data set until its objective does not fall."""
    scale = np.ones(len(parameters))
    for _ in range(_MAX_HALVINGS):
        moved = parameters + scale[:, None] * step
        reached = model.objective(moved)
        fell = reached < value - 1e-12 * np.abs(value)
        if not fell.any():
            return moved, reached
        scale[fell] /= 2
    return parameters, value


@dataclass(frozen=True, slots=True)
class _Model:
    first: Ints
    second: Ints
    counts: Floats
    contestants: int
    precision: float

    def _probabilities(self, parameters: Floats) -> Floats:
        strengths = parameters[:, :-1]
        return outcome_probabilities(strengths[:, self.first] - strengths[:, self.second], parameters[:, -1:])

    def objective(self, parameters: Floats) -> Floats:
        """Log-likelihood plus log prior up to a constant, `(R,)`."""
        # A probability may underflow to 0 far from the maximum; the floor keeps 0 · log 0 at 0.
        logs = np.log(np.maximum(self._probabilities(parameters), 1e-300))
        return (self.counts * logs).sum(axis=(1, 2)) - self.precision / 2 * (parameters**2).sum(axis=1)

    def derivatives(self, parameters: Floats) -> tuple[Floats, Floats]:
        """Gradient `(R, G+1)` and negative Hessian `(R, G+1, G+1)`.

        A pair depends on the parameters only through d = θ_first - θ_second and η. With s = P1 - P2 and n
        answers: ∂/∂d = (w1 - w2 - n·s) / 2, ∂/∂η = t - n·P0, and the information in (d, η) is n times the
        covariance of (±½ for a win, 1 for a tie).
        """
        p = self._probabilities(parameters)
        total = self.counts.sum(axis=2)
        lead = p[..., 0] - p[..., 2]
        slope_d = (self.counts[..., 0] - self.counts[..., 2] - total * lead) / 2
        slope_tie = self.counts[..., 1] - total * p[..., 1]
        var_d = total * (p[..., 0] + p[..., 2] - lead**2) / 4
        var_tie = total * p[..., 1] * (1 - p[..., 1])
        covariance = -total * lead * p[..., 1] / 2

        size = self.contestants
        sign = np.zeros((len(self.first), size))
        sign[np.arange(len(self.first)), self.first] = 1
        sign[np.arange(len(self.first)), self.second] = -1
        gradient = np.concatenate([slope_d @ sign, slope_tie.sum(axis=1, keepdims=True)], axis=1)
        gradient -= self.precision * parameters

        information = np.empty((len(parameters), size + 1, size + 1))
        outer = (sign[:, :, None] * sign[:, None, :]).reshape(len(sign), size * size)
        information[:, :size, :size] = (var_d @ outer).reshape(len(parameters), size, size)
        information[:, :size, size] = information[:, size, :size] = covariance @ sign
        information[:, size, size] = var_tie.sum(axis=1)
        information += self.precision * np.eye(size + 1)
        return gradient, information
