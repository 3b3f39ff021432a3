"""A process that imports the libraries once and forks itself for each kernel: this saves a third of a report's computing.

Everything that others may use of it is here; without it, or where the system cannot fork, kernels start as usual.
"""

from crmkit.reporting.runner.fork_server.server import CAN_FORK, ForkServer

__all__ = ["CAN_FORK", "ForkServer"]
