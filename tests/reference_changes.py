"""Slow, obvious twins of what compares changing mechanisms."""

import math

import numpy as np


def permuted(a, b, orders):
    return [sum(a[i][j] * b[order[i]][order[j]] for i in range(len(a)) for j in range(len(a))) for order in orders]


def flipped(a, places, coefficients, signs, rate):
    found = []
    for sign in signs:
        values = places @ np.diag(sign) @ coefficients
        total = 0.0
        for i in range(len(a)):
            for j in range(len(a)):
                total += a[i][j] * math.exp(-rate * float(np.sum((values[i] - values[j]) ** 2)))
        found.append(total)
    return found


def centring(points):
    return np.eye(points) - np.ones((points, points)) / points


def conditional_embedding(kx, ky, kc, ridge):
    """M = K_C [K_X^3 o (A K_Y A)] K_C / n^2, the whole of it."""
    n = len(kx)
    a = np.linalg.inv(kx * kc + ridge * np.eye(n))
    return kc @ ((kx @ kx @ kx) * (a @ ky @ a)) @ kc / n**2


def marginal_embedding(ky, kc, ridge):
    a = np.linalg.inv(kc + ridge * np.eye(len(ky)))
    return kc @ a @ ky @ a @ kc


def delta_embedding(kx, ky, codes, ridge):
    """The same for domains, a sum for each pair of blocks: [k, l] = sum (K_X^3)_kl o (A_k K_Y,kl A_l) / n^2."""
    n, cube = len(kx), kx @ kx @ kx
    blocks = [np.flatnonzero(codes == code) for code in sorted(set(codes.tolist()))]
    inverse = [np.linalg.inv(kx[np.ix_(b, b)] + ridge * np.eye(len(b))) for b in blocks]
    found = np.empty((len(blocks), len(blocks)))
    for k, first in enumerate(blocks):
        for m, second in enumerate(blocks):
            cell = np.ix_(first, second)
            found[k, m] = np.sum(cube[cell] * (inverse[k] @ ky[cell] @ inverse[m])) / n**2
    return found


def kernel_components(values, rate, components):
    """Eigenvectors of H M H / m, scaled to mean square 1, and their eigenvalues."""
    points = len(values)
    gram = np.array([[math.exp(-rate * float(np.sum((v - w) ** 2))) for w in values] for v in values])
    eigenvalues, vectors = np.linalg.eigh(centring(points) @ gram @ centring(points) / points)
    order = np.argsort(-eigenvalues)[:components]
    return vectors[:, order] * math.sqrt(points), eigenvalues[order]


def drift_criterion(y, flat, cosines, spectrum, shares):
    """Twice the negative log marginal likelihood of y ~ flat b + curve + noise at the best share, less constants, with
    log n for each coefficient and for share and band; the columns of y have correlated noise."""
    n, k = y.shape
    found = []
    for share in shares:
        spread = np.eye(n) + share * cosines @ np.diag(spectrum) @ cosines.T
        precision = np.linalg.inv(spread)
        left = y - flat @ np.linalg.solve(flat.T @ precision @ flat, flat.T @ precision @ y)
        residual = np.linalg.det(left.T @ precision @ left / n)
        found.append(n * math.log(residual) + k * np.linalg.slogdet(spread)[1])
    return min(found) + math.log(n) * (k * flat.shape[1] + 2)
