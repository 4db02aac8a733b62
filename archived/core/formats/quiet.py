"""The rule of those who have no other: nothing on disk tells, quiet time decides."""

from __future__ import annotations

from archived.core.formats.reading import Judgement, Scene
from archived.core.model import Answer, Verdict


def check(scene: Scene) -> Judgement:
    """One verdict without an opinion, about the dataset's folder."""
    return Judgement(
        (
            Verdict(
                scene.folder, "quiet", Answer.CANNOT_TELL, "its convention goes by quiet time alone"
            ),
        )
    )
