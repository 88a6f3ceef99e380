"""Products of 8-bit integers with a matrix, in the fastest instructions that the processor has for them.

The sums are 32-bit integers, so they are exact: every processor gets the same result, whatever its instructions and however
many rows there are. Numba has no vectors, so the innermost loop is written for LLVM, once for all instructions.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from generator.composer.arrays import Float32Array, Int8Array, Int32Array
from generator.composer.compiled import compiled
from generator.composer.processor import PROCESSOR

_BYTE, _SHORT, _INT, _ADDRESS = (ir.IntType(bits) for bits in (8, 16, 32, 64))


class Instructions(NamedTuple):
    """A way to compute a tile of the product: a few rows times a block of columns."""

    name: str
    feature: str  # that the processor must have; empty: none
    function: str  # of LLVM: adds the products of four bytes, or of two 16-bit integers, to a sum
    lanes: int  # columns that one instruction computes
    vectors: int  # a block has vectors · lanes columns
    signed: bool = False  # it takes the values of a row as signed bytes, so ZERO is subtracted from them before

    @property
    def width(self) -> int:
        """Columns of a block."""
        return self.lanes * self.vectors


KINDS = (
    Instructions("AVX-512 VNNI", "avx512vnni", "llvm.x86.avx512.vpdpbusd.512", 16, 4),
    Instructions("AVX-VNNI", "avxvnni", "llvm.x86.avx512.vpdpbusd.256", 8, 2),
    Instructions("AVX-512", "avx512bw", "llvm.x86.avx512.pmaddubs.w.512", 16, 4),
    Instructions("AVX2", "avx2", "llvm.x86.avx2.pmadd.ub.sw", 8, 2),
    Instructions("NEON dot product", "dotprod", "llvm.aarch64.neon.sdot.v4i32.v16i8", 4, 4, signed=True),
    Instructions("portable", "", "", 4, 2, signed=True),
)
CHOSEN = next(kind for kind in KINDS if not kind.feature or kind.feature in PROCESSOR.features)
WIDTH = CHOSEN.width
GROUP = 4  # values of a row that one instruction takes
ZERO = 128  # what stands for 0 among the values of a row, which are between 1 and 255
# The greatest weight. Two products of a value and a weight must fit into 16 bits: AVX2 adds them up in so many.
MOST = 63
ValueArray = NDArray[np.uint8]
TILE = 4  # rows of a tile: the number of rows must be a multiple of it


class Matrix(NamedTuple):
    """A matrix as 8-bit integers, each column with its scale. Columns and the length of rows are padded with zeros."""

    packed: Int8Array  # (blocks, groups, lanes of a block, values of a group)
    first: Int32Array  # (padded columns,) with which the sums begin: what the offset of unsigned values adds, negative
    scales: Float32Array  # (columns,)
    length: int  # of a padded row


def quantize(matrix: Float32Array) -> Matrix:
    """matrix: (values, columns)"""
    values, columns = matrix.shape
    scales = np.maximum(np.abs(matrix).max(0), np.float32(1e-9)) / np.float32(MOST)
    padded = np.zeros((-(-values // 4) * 4, -(-columns // WIDTH) * WIDTH), np.int8)
    padded[:values, :columns] = np.rint(matrix / scales)
    blocks = padded.reshape(-1, GROUP, padded.shape[1] // WIDTH, WIDTH).transpose(2, 0, 3, 1)
    return Matrix(np.ascontiguousarray(blocks), -ZERO * padded.sum(0, dtype=np.int32), scales, len(padded))


@intrinsic  # type: ignore[untyped-decorator]
def _multiply_tile(_context: Any, x: Any, x_step: Any, block: Any, groups: Any, first: Any, out: Any, out_step: Any) -> Any:
    """For compiled code: TILE rows times a block of columns.

    x, block, first, out: addresses of the first row, the block, the first sums and the result; x_step, out_step: bytes from row
    to row; groups: of a row
    """
    return types.void(x, x_step, block, groups, first, out, out_step), _tile


def _tile(context: Any, builder: Any, _signature: Any, given: Any) -> Any:
    x, x_step, block, groups, first, out, out_step = given
    kind = CHOSEN
    sums = ir.VectorType(_INT, kind.lanes)

    def address(base: Any, *terms: tuple[Any, int]) -> Any:
        for factor, number in terms:
            base = builder.add(base, builder.mul(factor, ir.Constant(_ADDRESS, number)))
        return base

    def pointer(at: Any, kind_of_value: Any) -> Any:
        return builder.inttoptr(at, ir.PointerType(kind_of_value))

    one = ir.Constant(_ADDRESS, 1)
    totals = [[cgutils.alloca_once(builder, sums) for _ in range(kind.vectors)] for _ in range(TILE)]
    for row_totals in totals:
        for vector, total in enumerate(row_totals):
            start = builder.load(pointer(address(first, (one, 4 * kind.lanes * vector)), sums), align=4)
            builder.store(ir.Constant(sums, [0] * kind.lanes) if kind.signed else start, total)
    block_bytes = kind.lanes * GROUP
    with cgutils.for_range(builder, groups) as loop:
        weights = []
        for vector in range(kind.vectors):
            at = address(block, (loop.index, block_bytes * kind.vectors), (one, block_bytes * vector))
            weights.append(builder.load(pointer(at, ir.VectorType(_BYTE, block_bytes)), align=1))
        for row, row_totals in enumerate(totals):
            at = address(x, (x_step, row), (loop.index, GROUP))
            values = builder.load(pointer(at, _INT), align=4)
            if kind.signed:
                values = builder.xor(values, ir.Constant(_INT, ZERO * 0x01010101))
            for weight, total in zip(weights, row_totals, strict=True):
                builder.store(_multiply_add(builder, values, weight, builder.load(total)), total)
    for row, row_totals in enumerate(totals):
        for vector, total in enumerate(row_totals):
            at = address(out, (out_step, row), (one, 4 * kind.lanes * vector))
            builder.store(builder.load(total), pointer(at, sums), align=4)
    return context.get_dummy_value()


def _multiply_add(builder: Any, values: Any, weights: Any, total: Any) -> Any:
    """total + values · weights. values: a group of one row, for all lanes; weights: a group for each lane"""
    sums, bytes_ = total.type, weights.type
    same = builder.insert_element(ir.Constant(sums, ir.Undefined), values, ir.Constant(_INT, 0))
    same = builder.bitcast(builder.shuffle_vector(same, same, ir.Constant(sums, [0] * sums.count)), bytes_)
    if "dp" in CHOSEN.function or "dot" in CHOSEN.function:
        return builder.call(_function(builder, CHOSEN.function, sums, sums, bytes_, bytes_), [total, same, weights])
    if CHOSEN.function:
        shorts = ir.VectorType(_SHORT, 2 * sums.count)
        pairs = builder.call(_function(builder, CHOSEN.function, shorts, bytes_), [same, weights])
        ones = ir.Constant(shorts, [1] * shorts.count)
        widen = {8: "llvm.x86.avx2.pmadd.wd", 16: "llvm.x86.avx512.pmaddw.d.512"}[sums.count]
        return builder.add(total, builder.call(_function(builder, widen, sums, shorts), [pairs, ones]))
    for which in range(GROUP):
        picked = ir.Constant(sums, [GROUP * lane + which for lane in range(sums.count)])
        value, weight = (builder.shuffle_vector(each, each, picked) for each in (same, weights))
        total = builder.add(total, builder.mul(builder.sext(value, sums), builder.sext(weight, sums)))
    return total


def _function(builder: Any, name: str, result: Any, *arguments: Any) -> Any:
    """A function of LLVM. arguments: the types of all, or that of both"""
    types_ = list(arguments) if len(arguments) > 1 else [*arguments, *arguments]
    return cgutils.get_or_insert_function(builder.module, ir.FunctionType(result, types_), name)


@compiled
def multiply(x: ValueArray, packed: Int8Array, first: Int32Array, out: Int32Array) -> None:
    """out = x · matrix: (rows, padded columns). x: (rows, length); packed: the bytes of the matrix; first: see Matrix"""
    groups = x.shape[1] // GROUP
    for block in range(out.shape[1] // WIDTH):
        for row in range(0, len(x), TILE):
            _multiply_tile(
                x.ctypes.data + row * x.strides[0],
                x.strides[0],
                packed.ctypes.data + block * groups * WIDTH * GROUP,
                groups,
                first.ctypes.data + block * WIDTH * 4,
                out.ctypes.data + row * out.strides[0] + block * WIDTH * 4,
                out.strides[0],
            )
