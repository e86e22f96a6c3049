"""Read one image file of a stranger, and bring it to a square in [0, 1].

The picture is shown as a radiologist sees it: the first row is at the top, the patient's right
at the left, anterior (or superior, in coronal and sagittal planes) at the top.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from PIL import Image
from pydicom.uid import UncompressedTransferSyntaxes

MAX_VOXELS = 512**3  # larger files are refused unread: a small archive can unpack to anything
_MM_PER_UNIT = {"meter": 1000.0, "micron": 0.001}  # of NIfTI; mm where the file says nothing
THICK = 2.0  # a voxel this many times longer in one direction is a stack of 2-D slices
PERCENTILES = (0.5, 99.5)  # design choice: robust to a few hot pixels, keeps the image's contrast


class PictureError(ValueError):
    """Why an image file cannot be used, as the end of a sentence that begins with its name."""


@dataclass(frozen=True)
class Picture:
    """One plane of a file: pixels (channels, height, width) and, if known, the pixel size in mm."""

    pixels: np.ndarray
    spacing: tuple[float, float] | None  # (between rows, between columns)


def read_picture(path: Path, slice_index: int | None = None) -> Picture:
    """Read one plane of a PNG, JPEG, NIfTI, DICOM or npy file, or raise PictureError."""
    readers: dict[tuple[str, ...], Callable[[Path, int | None], Picture]] = {
        (".nii", ".nii.gz"): _read_nifti,
        (".dcm",): _read_dicom,
        (".png", ".jpg", ".jpeg"): _read_grey,
        (".npy",): _read_npy,
    }
    for endings, reader in readers.items():
        if path.name.lower().endswith(endings):
            return _checked(reader, path, slice_index)
    known = ", ".join(ending for endings in readers for ending in endings)
    raise PictureError(f"has an unknown kind. Allowed: {known}")


def scale_intensity(pixels: np.ndarray, *, already_scaled: bool) -> np.ndarray:
    """Bring pixels (channels, height, width) to float32 in [0, 1], all channels by one scale.

    The 0.5th percentile goes to 0, the 99.5th to 1 and what lies beyond is clipped. Images that
    are scaled already keep their values: floats as they are, integers over their type's maximum.
    """
    if already_scaled:
        top = np.iinfo(pixels.dtype).max if pixels.dtype.kind == "u" else 1.0
        scaled = pixels.astype(np.float32) / np.float32(top)
        if scaled.min() < 0 or scaled.max() > 1:
            raise PictureError(
                f"holds {scaled.min():g} to {scaled.max():g}, but its intensity is declared "
                "as 'unit': 0 to 1. Write 'raw' to have it scaled"
            )
        return scaled
    low, high = np.percentile(pixels.astype(np.float32), PERCENTILES)
    if high <= low:
        raise PictureError(f"shows nothing: nearly all of its pixels are {low:g}")
    return np.clip((pixels.astype(np.float32) - low) / (high - low), 0, 1).astype(np.float32)


def to_square(
    pixels: np.ndarray,
    image_size: int,
    spacing: tuple[float, float] | None = None,
    field_of_view: float | None = None,
    *,
    nearest: bool = False,
) -> np.ndarray:
    """Resample (channels, height, width) to (channels, image_size, image_size) about its centre.

    The square is field_of_view mm wide; without one it holds the whole image. What lies outside
    the image is 0. Pixels that are not square in mm become so. Antialiased, or nearest for masks.
    """
    row_step, column_step = spacing or (1.0, 1.0)
    height, width = pixels.shape[1:]
    side = field_of_view or max(height * row_step, width * column_step)
    tall, wide = side / row_step, side / column_step
    border = math.ceil(max(0.0, (tall - height) / 2, (wide - width) / 2))
    padded = np.pad(pixels, ((0, 0), (border, border), (border, border)))
    top, left = (height - tall) / 2 + border, (width - wide) / 2 + border
    bottom = min(top + tall, padded.shape[1])  # not one rounding error beyond the edge
    right = min(left + wide, padded.shape[2])
    method = Image.Resampling.NEAREST if nearest else Image.Resampling.BILINEAR
    return np.stack(
        [
            np.asarray(
                Image.fromarray(channel).resize(
                    (image_size, image_size), method, box=(left, top, right, bottom)
                )
            )
            for channel in padded
        ]
    )


def _checked(
    reader: Callable[[Path, int | None], Picture], path: Path, slice_index: int | None
) -> Picture:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = reader(path, slice_index)
    except PictureError:
        raise
    except Exception as error:  # a broken file can make a reader fail in any way it likes
        raise PictureError(f"cannot be read ({type(error).__name__}: {error})") from error
    if picture.pixels.dtype.kind not in "buif":
        raise PictureError(f"holds {picture.pixels.dtype} values; real numbers are needed")
    if picture.pixels.size == 0 or not np.isfinite(picture.pixels).all():
        raise PictureError("holds no pixels, or pixels that are NaN or infinite")
    if picture.spacing is not None and not all(0 < step < np.inf for step in picture.spacing):
        raise PictureError(f"has a pixel size of {picture.spacing} mm")
    return picture


def _refuse_large(shape: tuple[int, ...]) -> None:
    if math.prod(shape) > MAX_VOXELS:
        raise PictureError(f"has {shape} voxels; at most {MAX_VOXELS} are read. Crop it")


def _pick_slice(count: int, slice_index: int | None) -> int:
    chosen = count // 2 if slice_index is None else slice_index
    if not 0 <= chosen < count:
        raise PictureError(f"has slices 0 to {count - 1}; slice {chosen} is asked for")
    return chosen


def _read_nifti(path: Path, slice_index: int | None) -> Picture:
    """Axes 1 to 3 are space, as the format says; a fourth one holds channels."""
    file = nibabel.load(path)
    if not isinstance(file, nibabel.Nifti1Image):
        raise PictureError(f"is no image but a {type(file).__name__}")
    if not 2 <= len(file.shape) <= 4:
        raise PictureError(f"has shape {file.shape}; 2 to 4 axes are read")
    _refuse_large(file.shape)
    orientation = nibabel.io_orientation(file.affine)
    if np.isnan(orientation).any():
        raise PictureError("has no usable orientation: its affine is singular")
    shape = file.shape + (1,) * (3 - len(file.shape))
    volume = np.asanyarray(file.dataobj).reshape(shape)
    volume = nibabel.apply_orientation(volume, orientation)  # axes: to right, anterior, superior
    steps = np.empty(3)
    unit = _MM_PER_UNIT.get(file.header.get_xyzt_units()[0], 1.0)
    steps[orientation[:, 0].astype(int)] = unit * nibabel.affines.voxel_sizes(file.affine)
    flat = orientation[2, 0] if len(file.shape) == 2 else None
    stack = int(flat) if flat is not None else _stack_axis(volume.shape[:3], steps)
    plane = volume.take(_pick_slice(volume.shape[stack], slice_index), axis=stack)
    across, up = (axis for axis in range(3) if axis != stack)
    plane = plane.reshape(*plane.shape[:2], -1)
    shown = plane.transpose(2, 1, 0)[:, ::-1, ::-1]
    return Picture(np.ascontiguousarray(shown), (float(steps[up]), float(steps[across])))


def _stack_axis(shape: tuple[int, ...], steps: np.ndarray) -> int:
    """Return the axis to slice: that of a stack of 2-D slices, else foot to head (axial)."""
    if list(shape).count(1) == 1:
        return list(shape).index(1)
    longest = int(np.argmax(steps))
    return longest if steps[longest] >= THICK * np.median(steps) else 2


def _read_dicom(path: Path, slice_index: int | None) -> Picture:
    """One grey frame, in the units of its rescale tags; bright stays bright."""
    file = pydicom.dcmread(path)
    if any(tag not in file for tag in ("Rows", "Columns", "PixelData")):
        raise PictureError("is a DICOM file without pixels")
    kind = str(file.get("PhotometricInterpretation", "missing"))
    if kind not in ("MONOCHROME1", "MONOCHROME2"):
        raise PictureError(f"is not grey (PhotometricInterpretation is {kind})")
    _refuse_large((int(file.get("NumberOfFrames") or 1), file.Rows, file.Columns))
    try:
        pixels = file.pixel_array
    except AttributeError as error:  # a tag is missing that says how pixels are stored
        raise PictureError(f"does not say how its pixels are stored ({error})") from error
    except (RuntimeError, NotImplementedError) as error:
        syntax = file.file_meta.get("TransferSyntaxUID")
        cause = next(iter(str(error).splitlines()), type(error).__name__)
        if syntax in UncompressedTransferSyntaxes:
            raise PictureError(f"has pixels that cannot be read ({cause})") from error
        name = getattr(syntax, "name", syntax)
        raise PictureError(
            f"is compressed in a way that cannot be decoded here ({name}: {cause}). "
            "Decompress it first, for example with dcmdjpeg or gdcmconv --raw"
        ) from error
    frames = pixels.reshape(-1, file.Rows, file.Columns)
    frame = frames[_pick_slice(len(frames), slice_index)].astype(np.float32)
    frame = frame * float(file.get("RescaleSlope", 1)) + float(file.get("RescaleIntercept", 0))
    if kind == "MONOCHROME1":
        frame = frame.max() + frame.min() - frame
    return Picture(frame[None], _dicom_spacing(file))


def _dicom_spacing(file: pydicom.Dataset) -> tuple[float, float] | None:
    """Return mm between rows and between columns; enhanced files hold them one level down."""
    for groups in (
        file.get("SharedFunctionalGroupsSequence"),
        file.get("PerFrameFunctionalGroupsSequence"),
    ):
        measures = groups[0].get("PixelMeasuresSequence") if groups else None
        if measures:
            file = measures[0]
            break
    spacing = file.get("PixelSpacing")
    return (float(spacing[0]), float(spacing[1])) if spacing else None


def _read_grey(path: Path, slice_index: int | None) -> Picture:
    """One grey channel of 8 or 16 bits; a colour file passes if its colours are all grey."""
    if slice_index is not None:
        raise PictureError("has no slices; leave the slice cell empty")
    with Image.open(path, formats=("PNG", "JPEG")) as file:
        _refuse_large(file.size)
        pixels = np.asarray(file)
        mode = file.mode
    if mode == "RGB" and (pixels == pixels[..., :1]).all():
        pixels, mode = pixels[..., 0], "L"
    if mode not in ("L", "I", "I;16"):
        raise PictureError(
            f"is not a grey picture (its mode is {mode}). Save it as 8 or 16 bit grey"
        )
    return Picture(pixels[None].astype(np.uint16) if mode == "I" else pixels[None], None)


def _read_npy(path: Path, slice_index: int | None) -> Picture:
    """A (height, width) or (height, width, channels) array; pickled objects are refused."""
    if slice_index is not None:
        raise PictureError("has no slices; leave the slice cell empty")
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.ndim not in (2, 3):
        raise PictureError(f"has shape {array.shape}; (height, width) or (height, width, channels)")
    _refuse_large(array.shape)
    return Picture(np.moveaxis(array.reshape(*array.shape[:2], -1), 2, 0).copy(), None)
