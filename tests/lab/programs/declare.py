"""Declares a lab's schemas with DataJoint itself, as map-ephys does, and fills what a lab fills."""

from __future__ import annotations

import datajoint as dj
from common import NEW, answer, order

asked = order()
INT, SMALL = ("int32", "int16") if NEW else ("int", "smallint")

lab = dj.Schema(asked["prefix"] + "lab")
experiment = dj.Schema(asked["prefix"] + "experiment")


@lab
class Subject(dj.Manual):
    definition = f"""
    subject_id : {INT}
    """


@lab
class WaterRestriction(dj.Manual):
    definition = """
    -> Subject
    ---
    water_restriction_number : varchar(16)
    """


@experiment
class Session(dj.Manual):
    definition = f"""
    -> Subject
    session : {SMALL}
    ---
    session_date : date
    """


for subject, h2o in asked["animals"]:
    Subject.insert1({"subject_id": subject}, skip_duplicates=True)
    WaterRestriction.insert1(
        {"subject_id": subject, "water_restriction_number": h2o}, skip_duplicates=True
    )
for subject, number, day in asked["sessions"]:
    Session.insert1(
        {"subject_id": subject, "session": number, "session_date": day}, skip_duplicates=True
    )

if asked["publication"]:
    publication = dj.Schema(asked["prefix"] + "publication")

    @publication
    class GlobusStorageLocation(dj.Lookup):
        definition = """
        globus_alias : varchar(32)
        ---
        globus_endpoint : varchar(255)
        globus_path : varchar(1024)
        """

    @publication
    class DataSetType(dj.Lookup):
        definition = """
        dataset_type : varchar(64)
        """
        contents = (("ephys-raw",), ("tracking-video",))

    @publication
    class FileType(dj.Lookup):
        definition = """
        file_type : varchar(32)
        ---
        file_glob : varchar(64)
        file_descr : varchar(255)
        """
        contents = (("ephys-raw-unknown", "", "of the lab"),)

    @publication
    class DataSet(dj.Manual):
        definition = """
        -> GlobusStorageLocation
        dataset_name : varchar(128)
        ---
        -> DataSetType
        """

        class PhysicalFile(dj.Part):
            definition = """
            -> master
            file_subpath : varchar(128)
            ---
            -> FileType
            """

    @publication
    class ArchivedRawEphys(dj.Imported):
        definition = """
        -> Session
        -> DataSet
        """

    @publication
    class ArchivedTrackingVideo(dj.Imported):
        definition = """
        -> Session
        -> DataSet
        """

    for table, theirs in (
        (GlobusStorageLocation, asked.get("locations", [])),
        (DataSet, asked.get("datasets", [])),
        (DataSet.PhysicalFile, asked.get("files", [])),
    ):
        table.insert(theirs, skip_duplicates=True)
    for table, theirs in ((ArchivedRawEphys, asked.get("linked", [])),):
        table.insert(theirs, skip_duplicates=True, allow_direct_insert=True)

answer("declared")
