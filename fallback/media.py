"""Video and sound as arrays, read and written with PyAV (FFmpeg's libraries; https://pyav.basswood-io.com)."""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

Filter = Literal["negate", "hflip", "vflip", "edgedetect", "gblur", "unsharp", "hue", "vignette", "transpose"]


class Video(NamedTuple):
    """Frames of a video, and how many of them are shown in a second."""

    frames: Array
    rate: float


class Sound(NamedTuple):
    """Samples of a sound, and how many of them are played in a second."""

    samples: Array
    rate: int


def read_video(path: str, limit: int = 250) -> Video:
    """Read the first frames of a video file.

    Args:
        path: Path of a file that FFmpeg can read.
        limit: Positive integer, the number of frames to read at most.

    Returns:
        frames: of shape (frames, height, width, 3), uint8. rate: frames per second.

    Raises:
        ValueError: if the file has no picture.
    """
    frames: list[Array] = []
    with _av().open(path) as file:
        if not file.streams.video:
            raise ValueError(f"Expected a video with a picture; found none in {path}.")
        rate = file.streams.video[0].average_rate
        for frame in file.decode(video=0):
            frames.append(frame.to_ndarray(format="rgb24"))
            if len(frames) >= limit:
                break
    return Video(np.stack(frames), float(rate or 25))


def write_video(frames: Array, path: str, rate: float = 25.0) -> str:
    """Write frames to a video file (H.264 in MP4, or what the ending of the path says).

    Args:
        frames: Array of shape (frames, height, width, 3), uint8; or floats between 0 and 1.
        path: Path of the file to write. A name alone ends up among the files of the run.
        rate: Positive float, frames per second.

    Returns:
        The path.
    """
    target = Path(os.environ.get("FLOWCORE_FILES", ".")) / path
    target.parent.mkdir(parents=True, exist_ok=True)
    pictures = _bytes(frames)
    height, width = (side - side % 2 for side in pictures.shape[1:3])  # H.264 takes even sides alone
    with _av().open(str(target), "w") as file:
        stream = file.add_stream("libx264", rate=round(rate))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture in pictures[:, :height, :width]:
            frame = _av().VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return str(target)


def filter_frames(frames: Array, name: Filter = "edgedetect", options: str = "") -> Array:
    """Send every frame through a filter of FFmpeg.

    Args:
        frames: Array of shape (frames, height, width, 3), uint8; or floats between 0 and 1.
        name: Name of the filter.
        options: String, options of the filter such as "sigma=2" (https://ffmpeg.org/ffmpeg-filters.html).

    Returns:
        Array of shape (frames, height, width, 3), uint8.

    Raises:
        ValueError: for any other filter; some of them read files.
    """
    if name not in get_args(Filter):
        raise ValueError(f"Expected one of {', '.join(get_args(Filter))}; found {name}.")
    av = _av()
    pictures = _bytes(frames)
    height, width = pictures.shape[1:3]
    graph = av.filter.Graph()
    start = graph.add_buffer(width=width, height=height, format="rgb24", time_base="1/25")
    ends = [start, graph.add(name, options), graph.add("format", "rgb24"), graph.add("buffersink")]
    for before, after in pairwise(ends):
        before.link_to(after)
    graph.configure()
    found = []
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
        frame.pts = index
        graph.push(frame)
        found.append(graph.pull().to_ndarray())
    return np.stack(found)


def read_sound(path: str, seconds: float = 60.0) -> Sound:
    """Read the beginning of a sound, or of a video's sound, as one channel.

    Args:
        path: Path of a file that FFmpeg can read.
        seconds: Positive float, how much to read at most.

    Returns:
        samples: of shape (samples,), float32 between -1 and 1. rate: samples per second.

    Raises:
        ValueError: if the file has no sound.
    """
    av = _av()
    parts: list[Array] = []
    with av.open(path) as file:
        if not file.streams.audio:
            raise ValueError(f"Expected a file with sound; found none in {path}.")
        rate = int(file.streams.audio[0].rate)
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        for frame in file.decode(audio=0):
            parts += [one.to_ndarray().reshape(-1) for one in resampler.resample(frame)]
            if sum(map(len, parts)) >= seconds * rate:
                break
    return Sound(np.concatenate(parts)[: int(seconds * rate)], rate)


def spectrogram(samples: Array, window: int = 512, step: int = 128) -> Array:
    """How loud each frequency is at each time, in decibels under the loudest.

    Args:
        samples: Array of shape (samples,).
        window: Positive integer, samples in a window; half as many frequencies come out.
        step: Positive integer, samples from one window to the next.

    Returns:
        Array of shape (window // 2 + 1, windows), float32, the lowest frequency first; at least -80.

    Raises:
        ValueError: if there are fewer samples than a window has.
    """
    if len(samples) < window:
        raise ValueError(f"Expected at least {window} samples; found {len(samples)}.")
    parts = np.lib.stride_tricks.sliding_window_view(samples, window)[::step]
    power = np.abs(np.fft.rfft(parts * np.hanning(window), axis=1)).T ** 2
    loudest = max(float(power.max()), np.finfo(np.float32).tiny)
    return np.asarray(10 * np.log10(np.maximum(power / loudest, 1e-8)), "float32")


def sample_video(frames: int = 48, size: int = 96) -> Video:
    """A made-up video: a bright ball that runs round in a circle.

    Args:
        frames: Positive integer, how many frames.
        size: Positive integer, height and width of a frame.

    Returns:
        frames: of shape (frames, size, size, 3), uint8. rate: 24 frames per second.
    """
    turn = 2 * np.pi * np.arange(frames) / frames
    y, x = np.mgrid[:size, :size] / size
    top, left = 0.5 + 0.3 * np.sin(turn), 0.5 + 0.3 * np.cos(turn)
    distance = np.hypot(y - top[:, None, None], x - left[:, None, None])
    ball = np.exp(-((distance / 0.12) ** 2))
    colours = np.stack([ball, ball * 0.7, 0.3 + 0.4 * ball], axis=-1)
    return Video((255 * colours).astype("uint8"), 24.0)


def sample_sound(seconds: float = 1.0, rate: int = 16_000) -> Sound:
    """A made-up sound: a tone that rises from 200 to 4,000 Hz.

    Args:
        seconds: Positive float, how long.
        rate: Positive integer, samples per second.

    Returns:
        samples: of shape (seconds * rate,), float32. rate: samples per second.
    """
    time = np.arange(int(seconds * rate)) / rate
    phase = 2 * np.pi * (200 * time + 1900 * time**2 / seconds)
    return Sound((0.5 * np.sin(phase)).astype("float32"), rate)


def _bytes(frames: Array) -> Array:
    if frames.ndim != 4 or frames.shape[-1] != 3:
        raise ValueError(f"Expected frames of shape (frames, height, width, 3); found {frames.shape}.")
    floats = np.issubdtype(frames.dtype, np.floating)
    return np.asarray(np.clip(frames * 255, 0, 255) if floats else frames, "uint8")


def _av() -> Any:
    """PyAV, which not every installation has."""
    try:
        import av
        import av.filter
    except ImportError:
        raise ModuleNotFoundError(
            "Video and sound need PyAV. Install it: pip install av.", name="av"
        ) from None
    return av
