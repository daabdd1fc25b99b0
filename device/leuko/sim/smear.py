"""A Wright-Giemsa smear that can be looked at anywhere and at any scale."""

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from leuko.cells import RGBImage
from leuko.errors import SettingsError
from leuko.sim._artefacts import artefact
from leuko.sim._cytoplasm import Drawing
from leuko.sim._film import SlowField, View
from leuko.sim._layers import label, lay
from leuko.sim._leukocytes import leukocyte
from leuko.sim._optics import Light, blurred, illumination, photographed
from leuko.sim._placement import place_artefacts, place_leukocytes
from leuko.sim._red_cells import TILE_UM, RedCell, add_red_cell, piled, settled
from leuko.sim._spec import SmearSpec, TrueCell
from leuko.sim._stain import AZURE, EOSIN, RED, Dyes
from leuko.sim._texture import Plate

_REACH_UM = 16.0
"""Farthest that anything is drawn from its centre."""

_LN10 = 2.302585
_CELLS, _ARTEFACTS, _FILM, _TILES, _CELL, _ARTEFACT, _NOISE = range(7)


class SimulatedSmear:
    """A slide of blood, stained and dried; what lies where is decided by its spec alone.

    The same place looks the same in every view but for the camera's noise and vignetting.

    Attributes:
        spec: what the smear is made of.
        cells: its nucleated cells.
        artefacts: its platelets, clumps, precipitate and smudged nuclei.
    """

    def __init__(self, spec: SmearSpec) -> None:
        """Settle the cells of a smear; nothing is drawn before it is looked at.

        Args:
            spec: what the smear is made of.

        Raises:
            SettingsError: its leukocytes do not fit on the slide.
        """
        self.spec = spec
        self.cells: tuple[TrueCell, ...] = place_leukocytes(spec, self._rng(_CELLS))
        placed = place_artefacts(spec, self.cells, self._rng(_ARTEFACTS))
        self.artefacts: tuple[TrueCell, ...] = tuple(cell for cell, _ in placed)
        self._kinds = tuple(kind for _, kind in placed)
        film = self._rng(_FILM)
        self._thickness = SlowField.drawn(film, shortest_um=90)
        self._focus = SlowField.drawn(film, shortest_um=150)
        self._stain_of_plasma = SlowField.drawn(film, shortest_um=12)
        self._density = spec.stain.density
        self._where = np.array([(c.x_um, c.y_um, c.diameter_um / 2) for c in self.cells])
        self._where = self._where.reshape(-1, 3)
        # Enough for one large field; a drawn cell takes about 1 MB.
        self._drawn_cell = lru_cache(maxsize=48)(self._draw_cell)
        self._drawn_artefact = lru_cache(maxsize=256)(self._draw_artefact)
        self._red_cells = lru_cache(maxsize=256)(self._settle_red_cells)

    def render(
        self, x_um: float, y_um: float, *, width_px: int, height_px: int, um_per_px: float
    ) -> RGBImage:
        """What the camera shows of a part of the slide.

        Args:
            x_um: left edge of the view on the slide; may lie off it, where only red cells are.
            y_um: upper edge of the view on the slide.
            width_px: columns.
            height_px: rows.
            um_per_px: scale, 0.02 to 2.

        Returns:
            The picture, a new array; the same call gives the same picture.

        Raises:
            SettingsError: the view has no pixels or an impossible scale.
        """
        view = _checked(View(x_um, y_um, width_px, height_px, um_per_px))
        light = self._light(view) * illumination(height_px, width_px, self.spec.optics)
        place = np.abs(np.round((x_um * 100, y_um * 100))).astype(int).tolist()
        return photographed(light, self.spec.optics, self._rng(_NOISE, *place))

    def leukocyte_mask(
        self, x_um: float, y_um: float, *, width_px: int, height_px: int, um_per_px: float
    ) -> NDArray[np.int32]:
        """Where the nucleated cells truly are in a view.

        Args:
            x_um: left edge of the view on the slide.
            y_um: upper edge of the view on the slide.
            width_px: columns.
            height_px: rows.
            um_per_px: scale, 0.02 to 2.

        Returns:
            ``(height_px, width_px)`` int32: 0 background, ``i + 1`` for ``cells[i]``.

        Raises:
            SettingsError: the view has no pixels or an impossible scale.
        """
        view = _checked(View(x_um, y_um, width_px, height_px, um_per_px))
        labels = np.zeros((height_px, width_px), np.int32)
        for index in self._seen(self.cells, view):
            label(labels, self._drawn_cell(index), self.cells[index], view, number=index + 1)
        return labels

    def _light(self, view: View) -> Light:
        """Share of the light that comes through the smear, as the objective shows it."""
        density = cv2.transform(self._dyes(view), self._density.T.copy())
        light = cv2.exp(density * np.float32(-_LN10)).astype(np.float32)
        height = np.minimum(np.abs(view.slow(self._focus)) / np.float32(2), np.float32(1))
        return blurred(light, height, self.spec.optics, um_per_px=view.um_per_px)

    def _dyes(self, view: View) -> Dyes:
        dyes = np.zeros((view.height_px, view.width_px, 4), np.float32)
        red = np.zeros((view.height_px, view.width_px), np.float32)
        for cell in self._red_cells_of(view):
            add_red_cell(red, cell, corner_um=(view.x_um, view.y_um), um_per_px=view.um_per_px)
        plasma = np.float32(self.spec.stain.plasma) * (1 + 0.35 * view.slow(self._stain_of_plasma))
        dyes[..., RED] = piled(red)
        dyes[..., EOSIN] = plasma
        dyes[..., AZURE] = 0.6 * plasma
        for index in self._seen(self.artefacts, view):
            lay(dyes, self._drawn_artefact(index), self.artefacts[index], view)
        for index in self._seen(self.cells, view):
            lay(dyes, self._drawn_cell(index), self.cells[index], view)
        return dyes

    @staticmethod
    def _seen(cells: tuple[TrueCell, ...], view: View) -> list[int]:
        return [i for i, cell in enumerate(cells) if view.shows(cell.x_um, cell.y_um, _REACH_UM)]

    def _red_cells_of(self, view: View) -> Iterator[RedCell]:
        first_column = int(np.floor((view.x_um - _REACH_UM) / TILE_UM))
        first_row = int(np.floor((view.y_um - _REACH_UM) / TILE_UM))
        right = view.x_um + view.width_px * view.um_per_px + _REACH_UM
        bottom = view.y_um + view.height_px * view.um_per_px + _REACH_UM
        for row in range(first_row, int(bottom // TILE_UM) + 1):
            for column in range(first_column, int(right // TILE_UM) + 1):
                yield from self._red_cells(column, row)

    def _settle_red_cells(self, column: int, row: int) -> tuple[RedCell, ...]:
        corner = (column * TILE_UM, row * TILE_UM)
        middle = np.array([[corner[0] + TILE_UM / 2]]), np.array([[corner[1] + TILE_UM / 2]])
        thickness = float(np.clip(1 + 0.22 * self._thickness.at(*middle)[0, 0], 0.4, 1.5))
        # Seeds are not negative; squares left of or above the slide need a number too.
        rng = self._rng(_TILES, column + 2**20, row + 2**20)
        cells = settled(rng, corner, per_um2=self.spec.red_cells_per_um2 * thickness)
        moved = (self._pushed_aside(cell) for cell in cells)
        return tuple(cell for cell in moved if cell is not None)

    def _pushed_aside(self, cell: RedCell) -> RedCell | None:
        """The red cell beside the leukocyte it would lie on; none if it lay in its middle."""
        dx, dy = cell.x_um - self._where[:, 0], cell.y_um - self._where[:, 1]
        distance = np.hypot(dx, dy)
        overlap = self._where[:, 2] + 0.92 * cell.radius_um - distance
        if not len(overlap) or overlap.max() <= 0:
            return cell
        worst = int(np.argmax(overlap))
        if distance[worst] < 0.5 * self._where[worst, 2]:
            return None
        away = overlap[worst] / distance[worst]
        return replace(
            cell,
            x_um=float(cell.x_um + dx[worst] * away),
            y_um=float(cell.y_um + dy[worst] * away),
        )

    def _draw_cell(self, index: int) -> Drawing:
        cell = self.cells[index]
        return leukocyte(cell.cell_class, cell.diameter_um, self._rng(_CELL, index))

    def _draw_artefact(self, index: int) -> Drawing:
        radius_um = self.artefacts[index].diameter_um / 2
        plate = Plate.laid(self._rng(_ARTEFACT, index), half_um=1.5 * radius_um + 0.8)
        return artefact(plate, radius_um, self._kinds[index])

    def _rng(self, *purpose: int) -> np.random.Generator:
        return np.random.default_rng((self.spec.seed, *purpose))


def _checked(view: View) -> View:
    if min(view.width_px, view.height_px) < 1:
        message = f"view of {view.width_px} x {view.height_px} px has no pixels; enlarge it"
        raise SettingsError(message)
    if not 0.02 <= view.um_per_px <= 2:
        message = f"scale {view.um_per_px} µm/px is not a microscope's; give 0.02 to 2"
        raise SettingsError(message)
    return view
