"""A Globus to run on a laptop: Transfer and Auth over HTTP on loopback, real files, faults to order.

An extra: it needs Starlette and uvicorn (`pip install 'archived[simulator]'`).
"""

from archived.simulator.server import SimulatedGlobus, running, serve

__all__ = ["SimulatedGlobus", "running", "serve"]
