"""Video and sound as nodes: written to real files by FFmpeg's libraries, and read back."""

import builtins
import sys
from pathlib import Path

import numpy as np
import pytest

from fallback.media import (
    filter_frames,
    read_sound,
    read_video,
    sample_sound,
    sample_video,
    spectrogram,
    write_video,
)
from flowcore.model.graph import Graph, Link, Node
from flowcore.runs.supervisor import Supervisor
from flowcore.runs.workers import Workers
from flowcore.store import descriptors, runs


def test_a_video_is_written_and_read_back(tmp_path: Path) -> None:
    made = sample_video(frames=12, size=64)
    read = read_video(write_video(made.frames, str(tmp_path / "ball.mp4"), made.rate))
    assert read.frames.shape == made.frames.shape == (12, 64, 64, 3)
    assert read.rate == 24.0
    assert np.abs(read.frames.astype(int) - made.frames).mean() < 3  # H.264 loses a little


def test_floats_between_0_and_1_and_odd_sides_are_taken(tmp_path: Path) -> None:
    path = write_video(np.linspace(0, 1, 3 * 33 * 65 * 3).reshape(3, 33, 65, 3), str(tmp_path / "grey.mp4"))
    assert read_video(path).frames.shape == (3, 32, 64, 3)


def test_no_more_frames_are_read_than_asked_for(tmp_path: Path) -> None:
    path = write_video(sample_video(frames=12, size=32).frames, str(tmp_path / "ball.mp4"))
    assert len(read_video(path, limit=5).frames) == 5


def test_a_filter_works_on_every_frame() -> None:
    frames = sample_video(frames=4, size=32).frames
    assert np.array_equal(filter_frames(frames, "hflip"), frames[:, :, ::-1])
    blurred = filter_frames(frames, "gblur", "sigma=3")
    assert blurred.std() < frames.std()


def test_a_filter_that_might_read_files_is_refused() -> None:
    with pytest.raises(ValueError, match=r"Expected one of negate, .*; found movie"):
        filter_frames(sample_video(frames=1, size=32).frames, "movie", "filename=/etc/passwd")  # type: ignore[arg-type]


def test_frames_of_another_shape_are_refused_with_what_was_found() -> None:
    with pytest.raises(ValueError, match=r"Expected frames of shape .*; found \(4, 32, 32\)"):
        filter_frames(np.zeros((4, 32, 32)))


def test_a_sound_is_read_and_its_spectrogram_rises(tmp_path: Path) -> None:
    import av

    sound = sample_sound(seconds=1.0)
    with av.open(str(tmp_path / "tone.wav"), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=sound.rate, layout="mono")
        whole = (sound.samples * 32767).astype("int16")[None]
        frame = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
        frame.sample_rate = sound.rate
        file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    read = read_sound(str(tmp_path / "tone.wav"))
    assert read.rate == sound.rate
    assert np.abs(read.samples - sound.samples).max() < 1e-4
    loudest = spectrogram(read.samples).argmax(axis=0)
    assert loudest[0] < 15
    assert (np.diff(loudest) >= 0).all()
    assert abs(loudest[-1] - 4000 / (sound.rate / 512)) < 6


def test_a_file_without_sound_or_picture_says_so(tmp_path: Path) -> None:
    path = write_video(sample_video(frames=2, size=32).frames, str(tmp_path / "silent.mp4"))
    with pytest.raises(ValueError, match="found none in"):
        read_sound(path)


def test_too_short_a_sound_says_what_is_needed() -> None:
    with pytest.raises(ValueError, match="Expected at least 512 samples; found 10"):
        spectrogram(np.zeros(10))


def test_without_pyav_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: object, **kwargs: object) -> object:
        if name.partition(".")[0] == "av":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "av", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ModuleNotFoundError, match="pip install av"):
        read_video("any.mp4")


def test_a_file_that_a_run_writes_is_kept_with_the_run(home: Path) -> None:
    graph = Graph(
        nodes=(
            Node(id="n1", type="fallback.media.sample_video", args={"frames": 4, "size": 32}),
            Node(id="n2", type="fallback.media.write_video", args={"path": "clips/ball.mp4"}),
        ),
        links=(Link("n1", "frames", "n2", "frames"),),
    )
    supervisor = Supervisor(descriptors.load, Workers(spares=0))
    run_id = supervisor.start(graph)
    run = supervisor.wait(run_id, 90)
    supervisor.close()
    assert (run.state, run.problem) == ("done", None)
    (written,) = runs.files(run_id)
    assert written == runs.folder(run_id) / "files" / "clips" / "ball.mp4"
    assert len(read_video(str(written)).frames) == 4
