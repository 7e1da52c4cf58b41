"""What the kernels of Granger causes compute, slowly and plainly."""

import numpy as np


def group_lasso(gram, cross, size, penalty, factors, steps=20_000):
    """Return the minimiser of 1/2 b'G b - c'b + penalty * sum_g factor_g ||b_g|| by accelerated proximal steps."""
    b = momentum = np.zeros(len(cross))
    rate = 1.0 / max(np.linalg.eigvalsh(gram)[-1], 1e-12)
    t = 1.0
    for _ in range(steps):
        moved = momentum - rate * (gram @ momentum - cross)
        blocks = moved.reshape(-1, size)
        norms = np.linalg.norm(blocks, axis=1)
        kept = np.maximum(1.0 - rate * penalty * factors / np.where(norms > 0, norms, 1.0), 0.0)
        new = (blocks * kept[:, None]).ravel()
        if (momentum - new) @ (new - b) > 0:  # restart where the momentum points uphill
            t = 1.0
        t_new = (1.0 + np.sqrt(1.0 + 4.0 * t * t)) / 2.0
        momentum = new + (t - 1.0) / t_new * (new - b)
        if np.abs(new - b).max() < 1e-14 and np.abs(momentum - new).max() < 1e-14:
            return new
        b, t = new, t_new
    return b


def objective(gram, cross, size, penalty, factors, b):
    """Return what is minimised."""
    return b @ gram @ b / 2.0 - cross @ b + penalty * factors @ np.linalg.norm(b.reshape(-1, size), axis=1)


def gain(past, present, target, given, source, lags):
    """Return the share of the squared error, given some sources, that the lags of one more take away."""
    columns = [i * lags + k for i in given for k in range(lags)]
    more = [source * lags + k for k in range(lags)]

    def error(chosen):
        x = np.column_stack([np.ones(len(past)), past[:, chosen]])
        left = present[:, target] - x @ np.linalg.lstsq(x, present[:, target], rcond=None)[0]
        return left @ left

    return (error(columns) - error(columns + more)) / error(columns)
