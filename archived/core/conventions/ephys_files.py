"""What SpikeGLX, CatGT, Kilosort and the tools around them write.

A file that map-ephys had a type for keeps it (`ephys-raw-nidq` for everything of the NI-DAQ stream, for instance),
except where that was its heap of miscellaneous MATLAB files.
"""

from __future__ import annotations

from collections.abc import Iterator

from archived.core.filetypes import FileType

_STREAMS = {
    # SpikeGLX 3A has no probe number, `-sepShanks` numbers of four digits: `*.ap.bin` fits them all.
    "*.ap": "ephys-raw-neuropixels-ap",
    "*.lf": "ephys-raw-neuropixels-lf",
    "*.obx": "ephys-raw-obx",
}

_EXTRACTED = {
    # CatGT before 3.0 wrote upper case and `SY` for what is now `xd` of a probe.
    "*.imec*.sy*.txt": "ephys-raw-neuropixels-sy",
    "*.imec*.xd_*.txt": "ephys-raw-neuropixels-xd",
    "*.imec*.xid_*.txt": "ephys-raw-neuropixels-xid",
    "*.obx#.*": "ephys-raw-obx",
    "*.nidq.*": "ephys-raw-nidq",
    "*.xa_*.txt": "ephys-raw-catgt-xa",
    "*.xd_*.txt": "ephys-raw-catgt-xd",
    "*.xia_*.txt": "ephys-raw-catgt-xia",
    "*.xid_*.txt": "ephys-raw-catgt-xid",
    "*.bft_*.txt": "ephys-raw-catgt-bft",
    "*.bfv_*.txt": "ephys-raw-catgt-bfv",
    "*.bf_*.txt": "ephys-raw-catgt-bf",
    "*.adj.txt": "ephys-raw-tprime-adjusted",
}

_BESIDE = {
    "*_fyi.txt": "ephys-raw-catgt-fyi",
    "*_ct_offsets.txt": "ephys-raw-catgt-ct-offsets",
    "*_sc_offsets.txt": "ephys-raw-catgt-sc-offsets",
    "catgt.log": "ephys-raw-catgt-log",
    "tprime.log": "ephys-raw-tprime-log",
    "c_waves.log": "ephys-raw-c-waves-log",
    "*bitcode.mat": "ephys-raw-bitcode",
    "*_chanmap.mat": "ephys-raw-neuropixels-chanmap",
    "*_kilosortchanmap.mat": "ephys-raw-neuropixels-chanmap",
    "*_jrc.mat": "ephys-raw-jrclust",
    "*.ap_res.mat": "ephys-raw-jrclust-results",
    "*.prm": "ephys-raw-jrclust-parameters",
    "channel_locations*.json": "ephys-raw-channel-locations",
    "phy.log": "ephys-raw-phy-log",
    "cluster_info.tsv": "ephys-raw-phy-cluster-info",
    ".phy/*": "ephys-raw-phy-cache",
}

_SORTER_FOLDERS = {
    "ks25": ("*ks25*", "*ks2.5*", "kilosort2.5", "kilosort2_5"),
    "ks3": ("*ks3*", "kilosort3"),
    "ks4": ("*ks4*", "kilosort4"),
}
"""Which Kilosort wrote a folder shows only in the folder's name; without such a sign it was Kilosort 2."""

_SORTED = {
    "amplitudes.npy": "amplitude-scaling",
    "channel_map.npy": "channel-map",
    "channel_positions.npy": "channel-positions",
    "channel_shanks.npy": "channel-shanks",
    "cluster_amplitude.tsv": "cluster-amplitudes",
    "cluster_contampct.tsv": "cluster-contam",
    "cluster_group.tsv": "cluster-grouping",
    "cluster_groups.csv": "cluster-groups",
    "cluster_kslabel.tsv": "cluster-labeling",
    "cluster_snr.npy": "cluster-snr",
    "clus_table.npy": "cluster-table",
    "mean_waveforms.npy": "mean-waveforms",
    "metrics.csv": "cluster-metrics",
    "waveform_metrics.csv": "waveform-metrics",
    "overlap_matrix.npy": "overlap-matrix",
    "overlap_summary.npy": "overlap-summ-npy",
    "overlap_summary.csv": "overlap-summ-csv",
    "params.py": "parameters",
    "old_params.py": "parameters",
    "pc_features.npy": "pc-features",
    "pc_feature_ind.npy": "pc-features-ind",
    "rez.mat": "results",
    "rez2.mat": "results",
    "similar_templates.npy": "similar",
    "spike_times.npy": "spike-times",
    "spike_times_sec.npy": "spike-times-sec",
    "spike_times_sec.txt": "spike-times-sec",
    "spike_times_sec_adj.npy": "spike-times-sec-adj",
    "spike_times_sec_adj.txt": "spike-times-sec-adj",
    "spike_clusters.npy": "spike-clusters",
    "spike_templates.npy": "spike-template",
    "spike_detection_templates.npy": "spike-detection-template",
    "spike_positions.npy": "spike-positions",
    "kept_spikes.npy": "kept-spikes",
    "template_features.npy": "ftemplate",
    "template_feature_ind.npy": "ftemplate-ind",
    "templates.npy": "template",
    "templates_ind.npy": "template-ind",
    "whitening_mat.npy": "whitening-mat",
    "whitening_mat_dat.npy": "whitening-mat-dat",
    "whitening_mat_inv.npy": "whitening-mat-inv",
    "ops.npy": "ops",
    "kilosort4.log": "log",
}


def _all() -> Iterator[FileType]:
    for beginning, name in _STREAMS.items():
        for extension in ("bin", "meta", "cbin", "ch"):
            yield FileType(f"{beginning}.{extension}", f"{name}-{extension}")
    for table in (_EXTRACTED, _BESIDE):
        yield from (FileType(glob, name) for glob, name in table.items())
    for file, what in _SORTED.items():
        for sorter, folders in _SORTER_FOLDERS.items():
            yield from (
                FileType(f"{folder}/{file}", f"ephys-raw-{sorter}-{what}") for folder in folders
            )
        yield FileType(file, f"ephys-raw-ks2-{what}")
    yield FileType("params.*py", "ephys-raw-ks2-parameters")
    yield FileType("*.mat", "ephys-raw-matlab-misc")


EPHYS_FILES = tuple(_all())
"""The types of an electrophysiology recording's files; the first that fits wins."""
