"""Volumes drawn by the program beside plain VTK mappers, each in a process of its own.

    python benchmarks/volume_rendering.py [--slices 100 400] [--size 800x800] [--json OUT]

A noisy phantom of 512 x 512 x N int16 voxels. "moving" is the median of turned pictures, "first"
the time from voxels in memory to the first picture, "still" the full quality. Plain mappers
have no moving picture of their own: theirs is the full one.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

PEERS = ("ours", "fixed point", "graphics mapper", "pyvista")
PATIENCE_S = 420


def phantom(slices):
    """A skull-like shell with vessels, in noise; HU."""
    rng = np.random.default_rng(3)
    y, x = np.ogrid[-1:1:512j, -1:1:512j]
    values = np.full((slices, 512, 512), -1000, np.int16)
    noise = rng.integers(-14, 15, (8, 512, 512), dtype=np.int16)
    for k, z in enumerate(np.linspace(-1, 1, slices)):
        radius = np.sqrt((x / 0.8) ** 2 + (y / 0.9) ** 2 + (z / 0.95) ** 2)
        values[k][radius < 1.0] = 40
        values[k][(radius > 0.82) & (radius < 0.9)] = 900
        if abs(z) < 0.8:
            values[k][np.hypot(x - 0.2, y) < 0.05] = 350
        values[k] += noise[k % 8]
    return values


def measure_ours(slices, size):
    from surgery_assist.imaging.scene.bench import measure
    from surgery_assist.imaging.scene.volume import SceneVolume

    affine = np.diag([0.7, 0.7, 1.0, 1.0])
    volume = SceneVolume(phantom(slices), affine)
    found = measure(lambda: volume, size)
    moving = 1000.0 / found["moving_fps"]
    return {"first_ms": found["first_ms"], "moving_ms": moving, "still_ms": found["still_ms"]}


def measure_mapper(slices, size, mapper):
    from vtkmodules.vtkCommonDataModel import vtkPiecewiseFunction
    from vtkmodules.vtkRenderingCore import (
        vtkColorTransferFunction,
        vtkRenderer,
        vtkVolume,
        vtkVolumeProperty,
    )

    from surgery_assist.imaging.scene.arrays import as_vtk_image
    from surgery_assist.imaging.scene.presets import load_preset
    from surgery_assist.imaging.scene.probe import off_screen_window

    window = off_screen_window()
    values = phantom(slices)
    begin = time.perf_counter()
    mapper.SetInputData(as_vtk_image(values, (0.7, 0.7, 1.0)))
    preset = load_preset("bone")
    opacity, colour = vtkPiecewiseFunction(), vtkColorTransferFunction()
    for value, share in preset.opacity:
        opacity.AddPoint(value, share)
    for value, rgb in preset.colour:
        colour.AddRGBPoint(value, *rgb)
    properties = vtkVolumeProperty()
    properties.SetScalarOpacity(opacity)
    properties.SetColor(colour)
    properties.ShadeOn()
    properties.SetInterpolationTypeToLinear()
    volume = vtkVolume()
    volume.SetMapper(mapper)
    volume.SetProperty(properties)
    renderer = vtkRenderer()
    renderer.AddVolume(volume)
    window.AddRenderer(renderer)
    window.SetSize(*size)
    renderer.ResetCamera()
    window.Render()
    first = time.perf_counter() - begin
    times = []
    for _ in range(3):
        renderer.GetActiveCamera().Azimuth(3)
        begin = time.perf_counter()
        window.Render()
        times.append(time.perf_counter() - begin)
    frame = float(np.median(times)) * 1000
    return {"first_ms": first * 1000, "moving_ms": frame, "still_ms": frame}


def measure_pyvista(slices, size):
    import pyvista

    values = phantom(slices)
    grid = pyvista.ImageData(dimensions=values.shape[::-1], spacing=(0.7, 0.7, 1.0))
    grid["values"] = values.reshape(-1)
    begin = time.perf_counter()
    plotter = pyvista.Plotter(off_screen=True, window_size=list(size))
    plotter.add_volume(grid, scalars="values", shade=True)
    plotter.show(auto_close=False)
    first = time.perf_counter() - begin
    times = []
    for _ in range(3):
        plotter.camera.azimuth += 3
        begin = time.perf_counter()
        plotter.render()
        times.append(time.perf_counter() - begin)
    frame = float(np.median(times)) * 1000
    return {"first_ms": first * 1000, "moving_ms": frame, "still_ms": frame}


def measure_one(peer, slices, size):
    """One row; runs in the child process."""
    from vtkmodules import vtkRenderingOpenGL2, vtkRenderingVolumeOpenGL2  # noqa: F401
    from vtkmodules.vtkRenderingVolume import (
        vtkFixedPointVolumeRayCastMapper,
        vtkGPUVolumeRayCastMapper,
    )

    from surgery_assist.imaging.memory import peak_resident_bytes

    if peer == "ours":
        row = measure_ours(slices, size)
    elif peer == "pyvista":
        row = measure_pyvista(slices, size)
    else:
        mappers = {
            "fixed point": vtkFixedPointVolumeRayCastMapper,
            "graphics mapper": vtkGPUVolumeRayCastMapper,
        }
        row = measure_mapper(slices, size, mappers[peer]())
    return {**row, "rss_mb": peak_resident_bytes() / 2**20}


def child(peer, slices, size):
    """A row measured in a process of its own, or why there is none."""
    command = [sys.executable, __file__, "--child", peer, "--slices", str(slices), "--size", size]
    try:
        done = subprocess.run(  # noqa: S603  (this very script)
            command, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return {"note": f"not done in {PATIENCE_S} s"}
    if done.returncode:
        return {"note": (done.stderr.strip().splitlines() or ["failed"])[-1][:80]}
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, nargs="+", default=[100, 400])
    parser.add_argument("--size", default="800x800")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--peers", nargs="+", default=list(PEERS))
    parser.add_argument("--child", default="")
    options = parser.parse_args()
    if options.child:
        size = tuple(int(part) for part in options.size.split("x"))
        print(json.dumps(measure_one(options.child, options.slices[0], size)))
        return
    rows = []
    print(
        "| volume | drawn by | first ms | moving ms | still ms | RSS MB | moving, ours is faster |"
    )
    print("|---|---|---|---|---|---|---|")
    for slices in options.slices:
        ours = None
        for peer in options.peers:
            row = child(peer, slices, options.size)
            rows.append({"slices": slices, "peer": peer, **row})
            if "note" in row:
                print(f"| 512x512x{slices} | {peer} | {row['note']} | | | | |", flush=True)
                continue
            ours = row if peer == "ours" else ours
            ratio = row["moving_ms"] / ours["moving_ms"] if ours else 1.0
            print(
                f"| 512x512x{slices} | {peer} | {row['first_ms']:.0f} | {row['moving_ms']:.0f} "
                f"| {row['still_ms']:.0f} | {row['rss_mb']:.0f} | {ratio:.1f}x |",
                flush=True,
            )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1), "utf-8")


if __name__ == "__main__":
    main()
