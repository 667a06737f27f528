"""Draw the picture of each volume preset from the program's own phantom: resources/volume_presets/*.png."""

import tempfile
from pathlib import Path
from typing import get_args

from surgery_assist.imaging.cache import FrameStore
from surgery_assist.imaging.library import Library
from surgery_assist.imaging.phantom import write_phantom
from surgery_assist.imaging.scene.bench import largest, loaded
from surgery_assist.imaging.scene.caster import Caster
from surgery_assist.imaging.scene.frame import Shot
from surgery_assist.imaging.scene.masks import mask_of
from surgery_assist.imaging.scene.presets import look_of
from surgery_assist.imaging.scene.source import scene_volume
from surgery_assist.imaging.scene.volume import blocks_of
from surgery_assist.model.grid import grid_of
from surgery_assist.model.volume_screen import longest_edge
from surgery_assist.model.volume_view import VIEWS, VolumePreset, VolumeView, turned
from surgery_assist.settings import resources_dir
from surgery_assist.ui.volume import as_image

WIDTH, HEIGHT = 160, 120


def main() -> None:
    """Write all pictures."""
    with tempfile.TemporaryDirectory() as folder:
        write_phantom(Path(folder) / "phantom", seed=1, slices=64, size=192)
        library = Library()
        store = FrameStore(library)
        list(library.scan([Path(folder)]))
        source = loaded(store, largest(library.catalogue))
        volume, grid = scene_volume(source), grid_of(source.display_set)
        blocks = blocks_of(volume, lambda: False)
        camera = turned(VIEWS["front"], "left", 25.0)
        for name in get_args(VolumePreset):
            view = VolumeView(name, camera=camera)
            look = look_of(view, volume.value_range)
            mask = mask_of(volume, frozenset({"inside"})) if look.inside else None
            mm = longest_edge(grid) / HEIGHT
            shot = Shot(WIDTH, HEIGHT, mm, camera, grid.middle)
            picture = Caster(volume, blocks, mask).shaded(shot, look, lambda: False)
            as_image(picture).save(str(resources_dir() / "volume_presets" / f"{name}.png"))
        store.close()
        library.close()


if __name__ == "__main__":
    main()
