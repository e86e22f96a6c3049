"""Sizes in mm mean the same in every cohort: a rectangle of known size, in files of all kinds."""

import dataclasses
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from benchmark.api.data import Source
from benchmark.cohorts.export import export_cohort
from benchmark.cohorts.rows import ImageRow, read_row
from benchmark.cohorts.table import load_table_cohort
from benchmark.cohorts.toy import toy_task

CARD = dataclasses.replace(toy_task().card, field_of_view_mm=100)
PIXELS = np.zeros((40, 160), np.uint16)  # rows 3 mm apart, columns 1 mm: 120 mm tall, 160 mm wide
PIXELS[10:30, 60:100] = 1000  # 60 mm tall, 40 mm wide, about the centre


def save_nifti(path: Path, unit: str = "mm") -> Path:
    scale = {"mm": 1.0, "micron": 1000.0, "unknown": 1.0}[unit]
    image = nibabel.Nifti1Image(PIXELS.T[..., None], np.diag([scale, 3 * scale, 8 * scale, 1]))
    image.header.set_xyzt_units(unit)
    nibabel.save(image, path)
    return path


def save_dicom(path: Path, *, enhanced: bool) -> Path:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = pydicom.uid.MRImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.Rows, file.Columns = PIXELS.shape
    file.PhotometricInterpretation, file.SamplesPerPixel = "MONOCHROME2", 1
    file.BitsAllocated = file.BitsStored = 16
    file.HighBit, file.PixelRepresentation = 15, 0
    measures = Dataset()
    measures.PixelSpacing = [3.0, 1.0]
    if enhanced:
        groups = Dataset()
        groups.PixelMeasuresSequence = [measures]
        file.SharedFunctionalGroupsSequence = [groups]
    else:
        file.PixelSpacing = measures.PixelSpacing
    file.PixelData = PIXELS.astype("<u2").tobytes()
    file["PixelData"].VR = "OW"
    file.save_as(path, enforce_file_format=True)
    return path


def size_seen(path: Path, field_of_view: float | None = None) -> tuple[float, float]:
    """Height and width of the rectangle, in pixels of an image of 50 x 50."""
    row = ImageRow(2, "row 2", path.parent, {"image": path.name}, {}, None, field_of_view, False)
    images, _, _ = read_row(row, CARD, 50)
    return images[0].sum(axis=0).max(), images[0].sum(axis=1).max()


@pytest.mark.parametrize("unit", ["mm", "micron", "unknown"])
def test_nifti_is_cut_to_the_field_of_view_of_the_card(tmp_path, unit):
    seen = size_seen(save_nifti(tmp_path / "a.nii.gz", unit))
    assert seen == pytest.approx((30, 20), abs=0.5)  # 60 x 40 mm at 2 mm a pixel


@pytest.mark.parametrize("enhanced", [False, True])
def test_so_is_dicom(tmp_path, enhanced):
    seen = size_seen(save_dicom(tmp_path / "a.dcm", enhanced=enhanced))
    assert seen == pytest.approx((30, 20), abs=0.5)


def test_a_field_of_view_in_the_table_counts_more_than_the_card(tmp_path):
    seen = size_seen(save_nifti(tmp_path / "a.nii.gz"), field_of_view=200)
    assert seen == pytest.approx((15, 10), abs=0.5)  # 4 mm a pixel; the image is padded


def test_a_picture_without_pixel_size_is_taken_whole(tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    assert size_seen(tmp_path / "a.png") == pytest.approx((20 * 50 / 160, 40 * 50 / 160), abs=0.5)


def test_masks_are_cut_as_their_image_is(tmp_path):
    save_nifti(tmp_path / "a.nii")
    labels = nibabel.Nifti1Image((PIXELS > 0).T[..., None].astype(np.uint8), np.eye(4))
    nibabel.save(labels, tmp_path / "m.nii")
    row = ImageRow(2, "row 2", tmp_path, {"image": "a.nii"}, {"mask": "m.nii"}, None, None, False)
    _, masks, sized = read_row(row, CARD, 50)
    assert sized
    assert (masks[0].sum(axis=0).max(), masks[0].sum(axis=1).max()) == (30, 20)


@pytest.mark.parametrize(("width", "said"), [(100, 1), (None, 0)])
def test_unknown_sizes_are_said_once_where_sizes_mean_something(tmp_path, capsys, width, said):
    splits = toy_task().load(
        Source(image_size=16, train=8, val=4, test=4), toy_task().knobs.variant(), 0
    )
    export_cohort(splits, CARD, tmp_path / "cohort")
    source = Source(folder=tmp_path / "cohort", image_size=16, cache=tmp_path / "cache")
    for _ in range(2):
        load_table_cohort(source, dataclasses.replace(CARD, field_of_view_mm=width), seed=0)
    words = " ".join(capsys.readouterr().err.split())
    assert words.count("16 of 16 images do not say how large a pixel is") == said
