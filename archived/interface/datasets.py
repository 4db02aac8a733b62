"""The two things that can be asked about: datasets, and their files."""

from __future__ import annotations

from archived.core.catalogue import About, Fits, Question
from archived.interface.query import Query
from archived.interface.rows import DatasetRow, FileRow


class Datasets(Query[DatasetRow]):
    """Datasets of the catalogue, of every rig that shares it, whatever their state."""

    about = About.DATASETS
    _row = DatasetRow

    @property
    def files(self) -> Files:
        """The files of these datasets, but for those that left the rig before they were archived."""
        return Files(self._source, Question(About.FILES, (Fits(self.question),)))


class Files(Query[FileRow]):
    """Files of datasets of the catalogue."""

    about = About.FILES
    _row = FileRow

    @property
    def datasets(self) -> Datasets:
        """The datasets that have any of these files."""
        return Datasets(self._source, Question(About.DATASETS, (Fits(self.question),)))
