"""Camera streams: frames without labels, one source a camera, in groups of a few seconds."""

from __future__ import annotations

from sabbatical.catalogue.workbench import Row, Workbench, read_json

SECONDS_A_GROUP = 10.0


def prepare(bench: Workbench) -> None:
    frames: list[Row] = read_json(bench.raw / "frames.json")
    bench.super_taxonomy("cameras", {"person": {}, "vehicle": {"children": {"bicycle": {}, "car": {}}}, "bottle": {}})
    for camera in dict.fromkeys(frame["camera"] for frame in frames):
        theirs = [frame for frame in frames if frame["camera"] == camera]
        images = [
            frame | {"id": number, "group": f"{camera}-{int(frame['t_seconds'] // SECONDS_A_GROUP)}"}
            for number, frame in enumerate(theirs, 1)
        ]
        bench.coco(camera, images, [], [])
