"""Nodes and weights of Gaussian quadrature, for the integrals that have no closed form."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from crmkit.models.arrays import Array

_THREADED = 24  # rows from which on LAPACK calls in several threads, which wait for each other on a busy machine


@lru_cache(maxsize=32)
def legendre(n_nodes: int) -> tuple[Array, Array]:
    """Gauss-Legendre nodes and weights on 0 to 1.

    Examples
    --------
    >>> nodes, weights = legendre(4)
    >>> round(float(weights @ nodes**7), 6)  # exact for polynomials up to degree 7
    0.125
    """
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    return (nodes + 1) / 2, weights / 2


def beta_nodes(a: Array, b: Array, n_nodes: int) -> tuple[Array, Array]:
    """Nodes and weights for the mean of a smooth function of p, where p is Beta(a, b) distributed (Gauss-Jacobi).

    Eigenvalues of the Jacobi matrix of the weight p^(a-1) (1-p)^(b-1), one matrix per entry of ``a`` and ``b``.

    Parameters
    ----------
    a, b : array of shape (m,)
        Above 0.
    n_nodes : int
        Exact for polynomials up to degree 2 n_nodes - 1.

    Returns
    -------
    nodes, weights : array of shape (m, n_nodes)

    References
    ----------
    Golub and Welsch (1969), Mathematics of Computation 23, 221-230.

    Examples
    --------
    >>> nodes, weights = beta_nodes(np.array([2.0]), np.array([6.0]), 3)
    >>> round(float((weights * nodes).sum()), 6)  # the mean, a / (a + b)
    0.25
    """
    a, b = np.asarray(a, dtype=float)[:, None], np.asarray(b, dtype=float)[:, None]
    k = np.arange(1, n_nodes)
    s = a + b - 2
    later = (2 * k * (k + s + 1) + s * a) / ((2 * k + s) * (2 * k + s + 2))
    diagonal = np.concatenate([a / (a + b), later], axis=1)
    ratio = np.where(k == 1, 1.0, (k + s) / np.where(k == 1, 1.0, 2 * k + s - 1))  # k = 1 cancels, also where it is 0/0
    off_diagonal = np.sqrt(k * (k + a - 1) * (k + b - 1) * ratio / ((2 * k + s) ** 2 * (2 * k + s + 1)))
    nodes, vectors = _eigen(diagonal, off_diagonal)
    return np.clip(nodes, 1e-300, 1.0), vectors[:, 0, :] ** 2


def _eigen(diagonal: Array, off_diagonal: Array) -> tuple[Array, Array]:
    """Eigenvalues and vectors of symmetric tridiagonal matrices, one per row."""
    n_nodes = diagonal.shape[1]
    if n_nodes > _THREADED:
        from scipy.linalg import eigh_tridiagonal

        pairs = [eigh_tridiagonal(d, e, lapack_driver="stev") for d, e in zip(diagonal, off_diagonal, strict=True)]
        return np.array([pair[0] for pair in pairs]), np.array([pair[1] for pair in pairs])
    matrix = np.zeros((len(diagonal), n_nodes, n_nodes))
    each = np.arange(n_nodes)
    matrix[:, each, each] = diagonal
    matrix[:, each[1:], each[:-1]] = off_diagonal  # eigh reads the lower triangle
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes, vectors
