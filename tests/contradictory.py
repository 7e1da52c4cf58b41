"""A test whose answers follow no distribution, to drive searches into every corner."""

import hashlib

import numpy as np

from causaldisc.citests import Answers
from causaldisc.options import Options


class Contradictory:
    """P-values drawn by a hash of what is asked, by name."""

    name = "contradictory"
    deepest = None
    options = Options()

    def __init__(self, names, seed):
        self.names, self.seed = names, seed

    @property
    def variables(self):
        return len(self.names)

    def answers(self, x, y, given):
        out = Answers.empty(len(x))
        for i, (u, v) in enumerate(zip(x, y, strict=True)):
            pair = sorted((self.names[u], self.names[v]))
            question = f"{self.seed} {pair} {sorted(self.names[z] for z in given[i])}"
            drawn = int.from_bytes(hashlib.sha256(question.encode()).digest()[:8], "big") / 2**64
            out.log_p[i] = np.log(drawn**3 + 1e-12)
        return out
