"""Reads the mirror as a DataJoint user does, who has nothing but the database."""

from __future__ import annotations

from common import answer, order, rows, virtual

asked = order()
publication = virtual("publication", asked["prefix"] + "publication")
files = publication.DataSet * publication.DataSet.PhysicalFile
found = {
    "locations": rows(publication.GlobusStorageLocation),
    "files": rows(files),
    "types": rows(files * publication.FileType),
    "placed": rows(files * publication.GlobusStorageLocation),
    "dataset_types": rows(publication.DataSetType),
}
if asked.get("subject") is not None:
    lab = virtual("lab", asked["prefix"] + "lab")
    experiment = virtual("experiment", asked["prefix"] + "experiment")
    animal = {"subject_id": asked["subject"]}
    ephys, video = publication.ArchivedRawEphys, publication.ArchivedTrackingVideo
    of_animal = ephys & animal
    of_places = publication.DataSet.PhysicalFile * publication.GlobusStorageLocation
    found |= {
        "documented": [
            len(rows(each))
            for each in (
                publication.DataSet.PhysicalFile & of_animal,
                of_animal * experiment.Session,
                of_places & of_animal,
                files & "dataset_name = 'ephys-raw-SC011-3'",
            )
        ],
        "ephys_of_subject": rows(files & (ephys & animal)),
        "video_of_subject": rows(files & (video & animal)),
        "sessions": rows(ephys * experiment.Session * lab.WaterRestriction),
        "of_h2o": rows(
            files & (ephys * lab.WaterRestriction & {"water_restriction_number": "SC011"})
        ),
    }
answer(found)
