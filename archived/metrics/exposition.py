"""A snapshot in the words of Prometheus. The names are a contract: one is never given another meaning."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from archived import __version__
from archived.errors import StoreError
from archived.metrics.snapshot import Snapshot

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Exported(Collector):
    """Takes a snapshot whenever Prometheus asks. A store that cannot be read is a number as well."""

    def __init__(self, take: Callable[[], Snapshot]) -> None:
        self._take = take

    def collect(self) -> Iterator[Metric]:
        """See `Collector`."""
        try:
            taken = self._take()
        except StoreError:
            yield _readable(0)
            return
        yield _readable(1)
        yield from families(taken)

    def describe(self) -> list[Metric]:
        """Nothing is known beforehand, so that no snapshot is taken for it."""
        return []


def exposition(taken: Snapshot) -> bytes:
    """The text that Prometheus reads."""
    return answer(lambda: taken)


def answer(take: Callable[[], Snapshot]) -> bytes:
    """The same of a snapshot that is taken now; a store that cannot be read is a number as well."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Exported(take))
    return generate_latest(registry)


def families(taken: Snapshot) -> Iterator[Metric]:
    """Every metric with its values. Labels are names of locations, states, directions and kinds: there are few of them."""
    yield InfoMetricFamily(
        "archived_rig",
        "The rig, the release of its daemon, and that of this exporter",
        value={"rig": taken.rig, "version": taken.version or "", "exporter": __version__},
    )
    daemon = taken.daemon
    yield _gauge("archived_daemon_running", "Whether the daemon is running", daemon.running)
    yield _time(
        "archived_daemon_start_timestamp_seconds", "When the daemon was started", daemon.since
    )
    yield _time(
        "archived_daemon_last_turn_timestamp_seconds",
        "When the daemon last went through all its work",
        daemon.last_tick,
    )
    yield _gauge("archived_paused", "Whether a person said to send nothing for now", taken.paused)
    yield _datasets(taken)
    yield _by(
        "archived_files",
        "Files with a receipt",
        "location",
        {k: v[0] for k, v in taken.archived.items()},
    )
    yield _by(
        "archived_bytes",
        "Bytes of files with a receipt",
        "location",
        {k: v[1] for k, v in taken.archived.items()},
    )
    yield _by(
        "archived_last_archived_timestamp_seconds",
        "When a dataset was last archived",
        "location",
        {name: at.timestamp() for name, at in taken.last_archived.items()},
    )
    yield _by(
        "archived_oldest_waiting_timestamp_seconds",
        "Since when the oldest dataset is known that is not archived, and needs nobody for it",
        "location",
        {name: at.timestamp() for name, at in taken.oldest_waiting.items()},
    )
    yield _gauge(
        "archived_backlog_bytes", "Bytes that are on their way to the archive", taken.backlog_bytes
    )
    yield from _transfers(taken)
    yield _by(
        "archived_alarms", "What is wrong with the rig as a whole, by kind", "kind", taken.alarms
    )
    yield _gauge(
        "archived_records_outstanding",
        "Datasets of which the archive was not told yet",
        taken.records_outstanding,
    )
    yield _gauge(
        "archived_files_never_verified",
        "Files with a receipt that were not looked at in the archive since",
        taken.never_verified,
    )
    yield _time(
        "archived_oldest_verification_timestamp_seconds",
        "When that file was looked at in the archive that was looked at the longest ago",
        taken.oldest_verification,
    )
    yield CounterMetricFamily(
        "archived_files_found_only_by_rescan",
        "New files of which no event had told",
        value=taken.found_only_by_rescan,
    )
    yield _by(
        "archived_root_size_bytes",
        "Size of the watched disk",
        "location",
        {k: v.size for k, v in taken.spaces.items()},
    )
    yield _by(
        "archived_root_free_bytes",
        "What is free on the watched disk",
        "location",
        {k: v.free for k, v in taken.spaces.items()},
    )


def _readable(value: int) -> Metric:
    return _gauge(
        "archived_store_readable", "Whether the store could be read for this answer", value
    )


def _datasets(taken: Snapshot) -> Metric:
    family = GaugeMetricFamily(
        "archived_datasets", "Datasets by location and state", labels=["location", "state"]
    )
    for location, counts in taken.counts.items():
        for state, number in counts.items():
            family.add_metric([location, str(state)], number)
    return family


def _transfers(taken: Snapshot) -> Iterator[Metric]:
    travelling = taken.travelling
    for name, says, values in (
        (
            "archived_transfers",
            "Transfers that have not ended",
            {k: v.transfers for k, v in travelling.items()},
        ),
        (
            "archived_transfers_bytes",
            "Bytes of these transfers",
            {k: v.bytes for k, v in travelling.items()},
        ),
        (
            "archived_transfers_done_bytes",
            "Bytes of these transfers that have arrived",
            {k: v.bytes_done for k, v in travelling.items()},
        ),
    ):
        yield _by(name, says, "direction", values)


def _gauge(name: str, says: str, value: float) -> Metric:
    return GaugeMetricFamily(name, says, value=float(value))


def _time(name: str, says: str, at: datetime | None) -> Metric:
    """Without a value as long as it never happened: 1970 would be an alarm."""
    family = GaugeMetricFamily(name, says)
    if at is not None:
        family.add_metric([], at.timestamp())
    return family


def _by(name: str, says: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], float(value))
    return family
