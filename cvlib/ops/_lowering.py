"""Convolution as matrix multiplication, block by block: how :mod:`cvlib.ops.conv` is fast in plain NumPy.

A matrix product runs at the processor's full speed, a Python loop at a thousandth of it. So the input is
*lowered*: every tap (i, j) of the kernel sees a shifted copy of the input, the copies become the rows of a matrix,
and the convolution is one product, ``(C_out, C_in*K_h*K_w) @ (C_in*K_h*K_w, H_out*W_out)``, whose result is already
NCHW (Chellapilla, Puri and Simard, "High performance convolutional neural networks for document processing",
2006). The textbook version writes that matrix out for the whole batch: K_h*K_w times the input, sent to main memory
and fetched again. Five ideas avoid the waste:

* **Blocks.** Only so many images, or so many rows of one large image, are lowered at a time that their columns stay
  in the processor's cache. The product takes them from there, and the next block reuses their memory.
* **Shared products.** Where the matrix of weights is large, the images of a block stand side by side and go through
  one product: the larger it is, the better two processor cores share it. To store its result image by image is one
  more copy, which with a small matrix costs more than it saves.
* **Flat shifts.** At stride 1, read the padded image as one long line of pixels. What tap (i, j) sees is that line
  from pixel ``i*W + j`` on: one long run instead of many short rows. A run also passes through the gap between the
  end of one row of the output and the start of the next; the product computes these few columns in vain, and they
  are dropped when the result is stored.
* **The smaller side.** The transposed convolution (which gives dx) multiplies first and then *spreads* the rows of
  the product over the image, each where its tap had read. At stride 1 it equals a convolution with the mirrored
  kernel. So forward and backward alike can lower whichever side has fewer channels, and in the backward pass one
  lowering of dy serves both gradients. Spreading profits from flat shifts too: the runs of all taps, shifted to
  their places by a view of the memory they lie in, are added up in one sum (:func:`stack`).
* **1x1 kernels** need no lowering: the image already is the matrix.

:func:`gather` and :func:`spread` are each other's transpose: one reads and one writes through the same view, the
taps of a :class:`Canvas`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from cvlib._checks import Pair, choice, pair
from cvlib.shapes import conv_output_size, same_padding

# Bytes of columns at a time. One image, or one product, fills a second-level cache: large matrix products run best.
# Images with products of their own share a block only to save Python's overhead, and less memory is cheaper to get.
IMAGE_BYTES = 2 << 20
SHARED_BYTES = IMAGE_BYTES // 4
SHARED_WEIGHTS = 4096  # of one group, from which on the images of a block share a product


class Window(NamedTuple):
    """How a kernel walks over an image; every pair is (height, width)."""

    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int] = (1, 1)

    @classmethod
    def checked(
        cls, kernel: tuple[int, int], stride: Pair, padding: Pair | str, dilation: Pair = 1
    ) -> Window:
        """Return the window a caller asked for, with "same" resolved, or say which argument is wrong."""
        stride, dilation = pair("stride", stride, minimum=1), pair("dilation", dilation, minimum=1)
        if isinstance(padding, str):
            choice("padding", padding, ("same",))
            if stride != (1, 1):
                raise ValueError(f'padding "same" needs stride 1, got stride {stride}')
            padding = [same_padding(k, dilation=d) for k, d in zip(kernel, dilation, strict=True)]
        return cls(kernel, stride, pair("padding", padding), dilation)

    def output_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Return the size of the output over an image of ``size``."""
        sides = list(zip(size, self.kernel, self.stride, self.padding, self.dilation, strict=True))
        height, width = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in sides]
        if min(height, width, *size) < 1:
            for n, k, s, p, d in sides:  # the checked version explains what does not fit
                conv_output_size(n, k, stride=s, padding=p, dilation=d)
        return height, width

    def mirrored(self) -> Window | None:
        """Return the window that walks back from the output to the input, or None if no window does.

        At stride 1, tap t of output m reads pixel m + dt - p. So pixel m was read by output m - dt + p, which is
        m + dt' - p' for the mirrored tap t' = k - 1 - t and the padding p' = d(k - 1) - p.
        """
        (kh, kw), (ph, pw), (dh, dw) = self.kernel, self.padding, self.dilation
        padding = dh * (kh - 1) - ph, dw * (kw - 1) - pw
        if self.stride != (1, 1) or min(padding) < 0:
            return None
        return Window(self.kernel, self.stride, padding, self.dilation)

    @property
    def is_pointwise(self) -> bool:
        """Whether each output pixel sees only the input pixel in its own place."""
        return self.kernel == self.stride == (1, 1) and self.padding == (0, 0)


def as_matrix(w: np.ndarray, groups: int) -> np.ndarray:
    """Return weights as one matrix per group, (groups, C_out/groups, C_in/groups * K_h * K_w)."""
    return w.reshape(groups, len(w) // groups, -1)


def mirror(w: np.ndarray, groups: int) -> np.ndarray:
    """Return the weights of the way back: each kernel turned by half a turn, the channels of a group swapped.

    It is its own inverse.
    """
    c_out, c_in, *kernel = w.shape
    turned = w.reshape(groups, c_out // groups, c_in, *kernel)[..., ::-1, ::-1].swapaxes(1, 2)
    return np.ascontiguousarray(turned).reshape(groups * c_in, c_out // groups, *kernel)


class Block(NamedTuple):
    """The lowered columns of some output rows of some images."""

    images: slice
    rows: slice
    width: int  # of a row, gap included
    columns: np.ndarray  # (products, groups, C/groups * K_h * K_w, pixels): one per image, or one for all


class Canvas(NamedTuple):
    """Scratch memory for a block of padded images, two views of it, and how to cut the batch into blocks."""

    padded: np.ndarray  # (images, C, H + 2p + 1, W + 2p): the last flat run overruns into the spare row
    inside: np.ndarray  # (images, C, H, W): without the padding
    taps: np.ndarray  # (images, C, K_h, K_w, H_out, width): what each tap sees; a view whose pixels overlap
    images: list[slice]
    rows: list[slice]


def canvas(
    shape: tuple[int, ...], window: Window, output: tuple[int, int], dtype: np.dtype, limit: int
) -> Canvas:
    """Return an empty canvas for images of ``shape`` (N, C, H, W) under a window with this output size.

    Images share a block if their columns have at most ``limit`` bytes.
    """
    n, c, h, w = shape
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = window
    height, width = output
    if window.stride == (1, 1):
        width = w + 2 * pw  # flat: a run goes on through the gap into the next row
    row_bytes = c * kh * kw * width * dtype.itemsize
    images = cut(n, height * row_bytes, limit)
    count = images[0].stop
    padded = np.zeros((count, c, h + 2 * ph + 1, w + 2 * pw), dtype)
    image, channel, row, pixel = padded.strides
    strides = image, channel, dh * row, dw * pixel, sh * row, sw * pixel
    taps = np.ndarray((count, c, kh, kw, height, width), dtype, padded, 0, strides)
    inside = padded[:, :, ph : ph + h, pw : pw + w]
    return Canvas(padded, inside, taps, images, cut(height, count * row_bytes, IMAGE_BYTES))


def cut(count: int, size: int, limit: int) -> list[slice]:
    """Cut ``count`` things of ``size`` bytes into slices of at most ``limit``, or of one thing if that is larger."""
    if count * size <= limit:
        return [slice(0, count)]
    step = max(1, limit // size)
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def gather(
    x: np.ndarray, window: Window, groups: int, output: tuple[int, int], weights: int
) -> Iterator[Block]:
    """Lower ``x`` block by block, for products with this many ``weights`` in all groups.

    Blocks share their memory: each is valid until the next one is asked for.
    """
    n, c, h, w = x.shape
    if window.is_pointwise:
        for images in cut(n, c * h * w * x.itemsize, IMAGE_BYTES):
            count = images.stop - images.start
            yield Block(images, slice(0, h), w, x[images].reshape(count, groups, c // groups, h * w))
        return
    shared = weights >= groups * SHARED_WEIGHTS
    limit = IMAGE_BYTES if shared else SHARED_BYTES
    _, inside, taps, all_images, all_rows = canvas(x.shape, window, output, x.dtype, limit)
    features = c // groups * window.kernel[0] * window.kernel[1]
    memory = np.empty(taps[..., all_rows[0], :].size, x.dtype)
    for images in all_images:
        count = images.stop - images.start
        inside[:count] = x[images]
        for rows in all_rows:
            seen = taps[:count, ..., rows, :]
            height, width = seen.shape[4:]
            products, pixels = (1, count * height * width) if shared else (count, height * width)
            if shared:
                seen = seen.transpose(1, 2, 3, 0, 4, 5)  # images side by side
            columns = memory[: seen.size].reshape(seen.shape)
            np.copyto(columns, seen)
            yield Block(images, rows, width, columns.reshape(products, groups, features, pixels))


def multiply(matrix: np.ndarray, block: Block, out: np.ndarray, bias: np.ndarray | None = None) -> None:
    """Write ``matrix @ columns + bias``, without the gaps, to the block's place in ``out``."""
    images, rows, width, columns = block
    target = out[images, :, rows]
    count, c, height, width_out = target.shape
    products, groups, _, pixels = columns.shape
    if products == count and width == width_out:  # no gaps: the product is the result
        np.matmul(matrix, columns, out=target.reshape(count, groups, c // groups, pixels, copy=False))
    elif products == count:
        target[...] = (matrix @ columns).reshape(count, c, height, width)[..., :width_out]
    else:
        target.swapaxes(0, 1)[...] = (matrix @ columns).reshape(c, count, height, width)[..., :width_out]
    if bias is not None:
        target += bias


def weigh(y: np.ndarray, block: Block) -> np.ndarray:
    """Return ``y @ columns.T`` summed over the block's images and pixels, one matrix per group.

    With y = dy, this is the gradient of :func:`multiply` with respect to its matrix.
    """
    images, rows, width, columns = block
    y = y[images, :, rows]
    count, c = y.shape[:2]
    products, groups, _, pixels = columns.shape
    if products != count:
        y = y.swapaxes(0, 1)  # images side by side
    y = with_gaps(y, width).reshape(products, groups, c // groups, pixels)
    # columns @ y.T, transposed at the end: with the longer factor on the left BLAS is up to half again as fast
    return (columns @ y.swapaxes(2, 3)).sum(0).swapaxes(1, 2)


def with_gaps(y: np.ndarray, width: int) -> np.ndarray:
    """Return ``y`` (N, C, H, W) with rows of ``width``: zeros fill the gaps, so that they add nothing."""
    n, c, h, w = y.shape
    if w == width:
        return y
    wide = np.zeros((n, c, h, width), y.dtype)
    wide[..., :w] = y
    return wide


def spread(
    dy: np.ndarray,
    w: np.ndarray,
    window: Window,
    groups: int,
    out: np.ndarray,
    bias: np.ndarray | None = None,
) -> None:
    """Write the transposed convolution (+ bias) to ``out``: multiply, then add each row where its tap had read."""
    sizes = out.shape, window, dy.shape[2:]
    padded, inside, taps, all_images, all_rows = canvas(*sizes, out.dtype, SHARED_BYTES)
    matrix = as_matrix(w, groups).swapaxes(1, 2)
    _, features, channels = matrix.shape
    width = taps.shape[5]
    columns, shifted = stack(taps.shape[:4], window, width, all_rows[0].stop * width, out.dtype)
    columns = columns.reshape(len(padded), groups, features, columns.shape[4], copy=False)
    for images in all_images:
        count = images.stop - images.start
        padded.fill(0)
        for rows in all_rows:
            pixels = (rows.stop - rows.start) * width
            y = with_gaps(dy[images, :, rows], width).reshape(count, groups, channels, pixels)
            np.matmul(matrix, y, out=columns[:count, ..., :pixels])
            if shifted is None:
                add_taps(columns[:count, ..., :pixels], taps[:count, ..., rows, :])
            else:
                columns[..., pixels:] = 0  # the last rows may be fewer
                run = slice(rows.start * width, rows.start * width + shifted.shape[4])
                target = padded.reshape(*padded.shape[:2], math.prod(padded.shape[2:]))[:count, :, run]
                target += shifted[:count, ..., : target.shape[2]].sum((2, 3))
        out[images] = inside[:count]
        if bias is not None:
            out[images] += bias


def stack(
    shape: tuple[int, ...], window: Window, width: int, pixels: int, dtype: np.dtype
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return memory for the rows of all taps, ``shape`` (images, C, K_h, K_w), and at stride 1 a view for their sum.

    There, the row of tap (i, j) belongs i*W + j pixels further on. In the view each row begins that much earlier, in
    the zeros between two rows: what belongs to one pixel stands in one column, and one sum does the work of all taps.
    """
    images, c, kh, kw = shape
    if window.stride != (1, 1):
        return np.empty((*shape, pixels), dtype), None
    down, right = window.dilation[0] * width, window.dilation[1]
    reach = (kh - 1) * down + (kw - 1) * right
    memory = np.zeros(reach + images * c * kh * kw * (pixels + reach), dtype)
    rows = memory[reach:].reshape(*shape, pixels + reach)
    image, channel, row, tap, pixel = rows.strides
    strides = image, channel, row - down * pixel, tap - right * pixel, pixel
    view = (images, c, kh, kw, pixels + (kh - 1) * down)
    return rows[..., :pixels], np.ndarray(view, dtype, memory, reach * pixel, strides)


def add_taps(columns: np.ndarray, taps: np.ndarray) -> None:
    """Add the columns to the pixels that their taps see, tap by tap."""
    by_tap = 2, 3, 0, 1, 4, 5  # kernel axes first
    columns = columns.reshape(taps.shape, copy=False)
    for tap_row, column_row in zip(taps.transpose(by_tap), columns.transpose(by_tap), strict=True):
        for tap, column in zip(tap_row, column_row, strict=True):
            tap += column
