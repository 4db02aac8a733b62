"""`archivedctl metrics`."""

from __future__ import annotations

import click

from archived.cli.caller import Caller, pass_caller
from archived.cli.output import talk
from archived.cli.shell import examples
from archived.cli.stopping import stops_on_signals
from archived.errors import ArchivedError


@click.command(
    epilog=examples(
        "archivedctl metrics",
        "archivedctl metrics --port 9614",
        "archivedctl metrics | sponge /var/lib/prometheus/node-exporter/archived.prom",
    )
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Serve them at http://HOST:PORT/metrics until Ctrl-C; 0 takes a free port.",
)
@pass_caller
def command(caller: Caller, host: str, port: int | None) -> None:
    """Print the numbers of this rig as Prometheus reads them.

    They are read from the store, so they are true while the daemon is down too. docs/MONITORING.md explains them, and has alerts.
    """
    try:
        from archived.metrics.exposition import exposition
        from archived.metrics.serving import serving
    except ImportError as error:
        raise ArchivedError(
            f"The package that speaks to Prometheus is missing ({error}); no data is affected.",
            what_to_do="pip install 'archived[metrics]'",
        ) from error
    from archived.metrics.snapshot import Snapshot, snapshot

    configuration = caller.configuration

    def take() -> Snapshot:
        with caller.reading() as store:
            return snapshot(store, configuration, caller.now())

    if port is None:
        click.echo(exposition(take()), nl=False)
        return
    with stops_on_signals(caller.stop), serving(take, host, port) as found:
        talk(f"http://{host}:{found}/metrics")
        caller.stop.wait()
