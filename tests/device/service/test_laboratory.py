"""What a service knows of its laboratory after a restart."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from leuko.backends import BackedAnalyser
from leuko.bundle import default_bundle_path, load_bundle
from leuko.cameras import Frame
from leuko.inference import LiteRTEngine
from leuko.pipeline import FieldAnalyser
from leuko.service import KEYFRAMES_NAME, LiveService, Parts, make_counter
from leuko.status import Target
from leuko.store import Store
from leuko.vision.laboratory import Laboratory


@pytest.fixture
def parts_of(make_parts: Callable[..., Parts], store: Store) -> Callable[[Laboratory], Parts]:
    """Puts parts together whose analyser knows a laboratory."""

    def made(laboratory: Laboratory) -> Parts:
        bundle = load_bundle(default_bundle_path())
        analyser = FieldAnalyser(bundle, LiteRTEngine(threads=1), laboratory=laboratory)
        keyframes = store.path.with_name(KEYFRAMES_NAME)
        return replace(
            make_parts(store),
            make_counter=partial(make_counter, analyser, keyframes),
            backend=BackedAnalyser(analyser, cpu_name="processor"),
        )

    return made


def test_a_service_knows_its_laboratory_again_by_the_cells_that_it_counted(
    parts_of: Callable[[Laboratory], Parts], store: Store, frames: list[Frame]
) -> None:
    seen, again, once_more = Laboratory(), Laboratory(), Laboratory()
    service = LiveService(parts_of(seen))
    service.start("H-12", operator="ana", target=Target(100), asked_by="ana")
    for frame in frames[:24]:
        service.take(frame)
    counted = store.count(1).n
    assert counted > 0
    LiveService(parts_of(again))
    assert again.looks == counted
    LiveService(parts_of(once_more))
    assert once_more.tone == again.tone != Laboratory().tone
    # The same cells, but each once instead of in every frame, and named a little otherwise. Five
    # cells tell the cytoplasm less well than the nuclei.
    assert again.tone.nucleus == pytest.approx(seen.tone.nucleus, rel=0.2)
    assert again.tone.cytoplasm == pytest.approx(seen.tone.cytoplasm, rel=0.3)


class Noting(Laboratory):
    """Counts the cells that it is to know once each."""

    taken_in = specimens = 0

    def begin_specimen(self) -> None:
        self.specimens += 1
        super().begin_specimen()

    def take_in(self, probabilities: NDArray[np.float64], features: NDArray[np.float64]) -> None:
        self.taken_in += 1
        super().take_in(probabilities, features)


def test_each_leukocyte_tells_of_the_others_once_however_often_it_was_seen(
    parts_of: Callable[[Laboratory], Parts], store: Store, frames: list[Frame]
) -> None:
    seen, again = Noting(), Noting()
    service = LiveService(parts_of(seen))
    service.start("H-12", operator="ana", target=Target(100), asked_by="ana")
    for frame in frames[:24]:
        service.take(frame)
    leukocytes = [cell for cell in store.cells(1) if cell.cell_class.is_counted]
    assert 0 < seen.taken_in == len(leukocytes) < seen.looks
    LiveService(parts_of(again))
    assert again.taken_in == len(leukocytes)


def test_a_session_begins_a_specimen(
    parts_of: Callable[[Laboratory], Parts], frames: list[Frame]
) -> None:
    laboratory = Noting()
    service = LiveService(parts_of(laboratory))
    for number in (1, 2):
        service.start(f"H-{number}", operator="ana", target=Target(100), asked_by="ana")
        for frame in frames[:6]:
            service.take(frame)
        service.finish(asked_by="ana")
        assert laboratory.specimens == number


def test_without_an_open_session_no_laboratory_is_known(
    parts_of: Callable[[Laboratory], Parts],
) -> None:
    laboratory = Laboratory()
    LiveService(parts_of(laboratory))
    assert laboratory.looks == 0
