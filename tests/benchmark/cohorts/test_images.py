import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless

from benchmark.cohorts.images import PictureError, read_picture, scale_intensity, to_square


def save_nifti(path, array, affine):
    nibabel.save(nibabel.Nifti1Image(array, affine), path)
    return path


def test_axial_nifti_shows_right_at_the_left_and_front_at_the_top(tmp_path):
    volume = np.zeros((4, 5, 3), np.float32)
    volume[3, 4, 1] = 7  # the voxel farthest to the right and to the front, middle slice
    picture = read_picture(save_nifti(tmp_path / "a.nii.gz", volume, np.eye(4)))
    assert picture.pixels.shape == (1, 5, 4)
    assert picture.pixels[0, 0, 0] == 7


def test_stored_orientation_does_not_change_the_picture(tmp_path):
    volume = np.random.default_rng(0).normal(size=(4, 5, 3)).astype(np.float32)
    as_ras = nibabel.Nifti1Image(volume, np.diag([2.0, 3.0, 4.0, 1]))
    as_psl = as_ras.as_reoriented(np.array([[2, -1], [0, -1], [1, 1]]))
    nibabel.save(as_ras, tmp_path / "a.nii")
    nibabel.save(as_psl, tmp_path / "b.nii")
    one, other = read_picture(tmp_path / "a.nii"), read_picture(tmp_path / "b.nii")
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert one.spacing == other.spacing == (3.0, 2.0)


def test_a_thick_stack_is_sliced_as_it_was_acquired(tmp_path):
    volume = np.arange(6 * 5 * 4, dtype=np.int16).reshape(6, 5, 4)
    affine = np.array([[0, 0, 8.0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 1]])  # sagittal
    picture = read_picture(save_nifti(tmp_path / "a.nii", volume, affine))
    np.testing.assert_array_equal(picture.pixels[0], volume[:, :, 2].T[::-1, ::-1])
    assert picture.spacing == (1.0, 1.0)


def test_a_slice_can_be_chosen_and_must_exist(tmp_path):
    volume = np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6)
    path = save_nifti(tmp_path / "a.nii", volume, np.eye(4))
    np.testing.assert_array_equal(read_picture(path, 5).pixels[0], volume[:, :, 5].T[::-1, ::-1])
    with pytest.raises(ValueError, match="has slices 0 to 5; slice 6 is asked for"):
        read_picture(path, 6)


def test_the_fourth_axis_of_nifti_holds_channels(tmp_path):
    volume = np.arange(4 * 5 * 1 * 2, dtype=np.int16).reshape(4, 5, 1, 2)
    picture = read_picture(save_nifti(tmp_path / "a.nii", volume, np.eye(4)))
    np.testing.assert_array_equal(picture.pixels[1], volume[:, :, 0, 1].T[::-1, ::-1])


def test_a_flat_nifti_is_one_slice(tmp_path):
    flat = np.arange(20, dtype=np.int16).reshape(4, 5)
    picture = read_picture(save_nifti(tmp_path / "a.nii", flat, np.eye(4)))
    np.testing.assert_array_equal(picture.pixels[0], flat.T[::-1, ::-1])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_png_keeps_its_depth(tmp_path, dtype):
    pixels = np.array([[0, 1], [2, np.iinfo(dtype).max]], dtype)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.pixels[0], pixels)
    assert picture.pixels.dtype == dtype


def test_colour_passes_only_if_it_is_grey(tmp_path):
    pixels = np.repeat(np.arange(4, dtype=np.uint8).reshape(2, 2, 1), 3, axis=2)
    Image.fromarray(pixels).save(tmp_path / "grey.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "grey.png").pixels[0], pixels[..., 0])
    pixels[0, 0, 1] = 200
    Image.fromarray(pixels).save(tmp_path / "red.png")
    with pytest.raises(ValueError, match="is not a grey picture"):
        read_picture(tmp_path / "red.png")


def test_a_pickled_array_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"x": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match=r"cannot be read.*Python objects"):
        read_picture(tmp_path / "a.npy")


def test_npy_has_channels_last(tmp_path):
    array = np.arange(12.0).reshape(2, 3, 2)
    np.save(tmp_path / "a.npy", array)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.npy").pixels[1], array[..., 1])


def test_pixels_that_are_no_numbers_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="NaN or infinite"):
        read_picture(tmp_path / "a.npy")


def test_a_huge_file_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("benchmark.cohorts.images.MAX_VOXELS", 100)
    Image.fromarray(np.zeros((11, 10), np.uint8)).save(tmp_path / "a.png")
    save_nifti(tmp_path / "a.nii", np.zeros((11, 10, 1), np.uint8), np.eye(4))
    np.save(tmp_path / "a.npy", np.zeros((11, 10)))
    for name in ("a.png", "a.nii", "a.npy"):
        with pytest.raises(ValueError, match="at most 100 are read"):
            read_picture(tmp_path / name)


def test_an_unknown_kind_lists_the_known_ones(tmp_path):
    with pytest.raises(ValueError, match=r"Allowed: \.nii, \.nii\.gz, \.dcm, \.png"):
        read_picture(tmp_path / "a.tiff")


def save_dicom(path, frames, *, photometric="MONOCHROME2", syntax=ExplicitVRLittleEndian):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = pydicom.uid.MRImageStorage
    meta.MediaStorageSOPInstanceUID = "1.2.3"
    file = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    file.NumberOfFrames, file.Rows, file.Columns = frames.shape
    file.PhotometricInterpretation, file.SamplesPerPixel = photometric, 1
    file.BitsAllocated = file.BitsStored = 16
    file.HighBit, file.PixelRepresentation = 15, 0
    file.PixelSpacing = [1.5, 2.0]
    file.RescaleSlope, file.RescaleIntercept = 2, -1
    raw = frames.astype("<u2").tobytes()
    if syntax.is_compressed:
        raw = pydicom.encaps.encapsulate([raw])
    file.PixelData = raw
    file["PixelData"].VR = "OW"
    file.save_as(path, enforce_file_format=True)
    return path


def test_dicom_is_rescaled_and_knows_its_pixel_size(tmp_path):
    frames = np.arange(12).reshape(2, 2, 3)
    picture = read_picture(save_dicom(tmp_path / "a.dcm", frames), 0)
    np.testing.assert_array_equal(picture.pixels[0], frames[0] * 2 - 1)
    assert picture.spacing == (1.5, 2.0)


@pytest.mark.parametrize(
    ("lost", "words"),
    [("PixelData", "without pixels"), ("BitsAllocated", "how its pixels are stored")],
)
def test_dicom_that_lacks_what_pixels_need_says_so(tmp_path, lost, words):
    path = save_dicom(tmp_path / "a.dcm", np.ones((1, 4, 4), np.uint16))
    file = pydicom.dcmread(path)
    delattr(file, lost)
    file.save_as(path)
    with pytest.raises(PictureError, match=words):
        read_picture(path, 0)


def test_inverted_dicom_is_turned_so_that_bright_is_bright(tmp_path):
    frames = np.arange(6).reshape(1, 2, 3)
    picture = read_picture(save_dicom(tmp_path / "a.dcm", frames, photometric="MONOCHROME1"))
    np.testing.assert_array_equal(picture.pixels[0], (frames[0] * 2 - 1)[::-1, ::-1])


def test_dicom_that_cannot_be_decoded_says_how_to_decompress_it(tmp_path):
    path = save_dicom(tmp_path / "a.dcm", np.arange(6).reshape(1, 2, 3), syntax=JPEG2000Lossless)
    with pytest.raises(ValueError, match=r"cannot be decoded here \(JPEG 2000.*dcmdjpeg"):
        read_picture(path)


def test_pixels_that_fail_for_another_reason_are_not_called_compressed(tmp_path, monkeypatch):
    def fail(self):
        raise NotImplementedError("no such photometry\nand more")

    path = save_dicom(tmp_path / "a.dcm", np.arange(6).reshape(1, 2, 3))
    monkeypatch.setattr("pydicom.dataset.Dataset.pixel_array", property(fail))
    with pytest.raises(PictureError, match=r"pixels that cannot be read \(no such photometry\)"):
        read_picture(path)


def test_scaling_uses_one_scale_for_all_channels_and_clips_the_tails():
    pixels = np.stack([np.linspace(0, 50, 500), np.linspace(50, 100, 500)]).reshape(2, 20, 25)
    scaled = scale_intensity(pixels, already_scaled=False)
    low, high = np.percentile(pixels, [0.5, 99.5])
    np.testing.assert_allclose(scaled[1, 0, 0], (50 - low) / (high - low), rtol=1e-5)
    assert scaled.min() == 0 and scaled.max() == 1
    assert (scaled == 0).sum() > 1


def test_an_empty_picture_is_refused():
    with pytest.raises(ValueError, match="shows nothing"):
        scale_intensity(np.full((1, 4, 4), 3.0), already_scaled=False)


def test_scaled_images_must_lie_between_0_and_1():
    with pytest.raises(ValueError, match="declared as 'unit'"):
        scale_intensity(np.array([[[0.0, 2.0]]]), already_scaled=True)


def test_a_square_of_the_right_size_is_left_alone():
    pixels = np.random.default_rng(0).random((2, 8, 8), dtype=np.float32)
    np.testing.assert_array_equal(to_square(pixels, 8), pixels)


def test_a_wide_image_gets_dark_bands_above_and_below():
    square = to_square(np.ones((1, 2, 4), np.float32), 4)
    np.testing.assert_array_equal(square[0], [[0] * 4, [1] * 4, [1] * 4, [0] * 4])


def test_pixels_that_are_not_square_become_so():
    pixels = np.ones((1, 2, 4), np.float32)  # rows 2 mm apart: a square of 4 mm
    np.testing.assert_array_equal(to_square(pixels, 4, (2.0, 1.0)), np.ones((1, 4, 4)))


def test_field_of_view_crops_and_pads_about_the_centre_in_mm():
    pixels = np.arange(16, dtype=np.float32).reshape(1, 4, 4)
    cropped = to_square(pixels, 2, (1.5, 1.5), field_of_view=3.0)
    np.testing.assert_array_equal(cropped[0], [[5, 6], [9, 10]])
    padded = to_square(pixels, 6, (1.5, 1.5), field_of_view=9.0)
    np.testing.assert_array_equal(padded[0, 1:5, 1:5], pixels[0])
    assert padded[0, 0].max() == 0


def test_shrinking_is_antialiased_and_masks_keep_their_labels():
    board = (np.indices((64, 64)).sum(axis=0) % 2).astype(np.float32)[None]
    np.testing.assert_allclose(to_square(board, 8), 0.5, atol=0.05)
    mask = (board * 3).astype(np.uint8)
    shrunk = to_square(mask, 8, nearest=True)
    assert shrunk.dtype == np.uint8
    assert set(np.unique(shrunk)) <= {0, 3}
