//! Winograd's F(m×m, 3×3): (m + 2)² products for m² outputs instead of 9·m² (Lavin & Gray 2016, arXiv:1509.09308).
//!
//! `y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A` with patches d of the input that overlap by two. The sum over channels turns ⊙ into one
//! matrix product (tiles × in channels)·(in channels × out channels) for each position of the patch. The gradient of g is the
//! transpose of the same formula: `dg = Gᵀ[(A dy Aᵀ) ⊙ (Bᵀ d B)]G`, summed over tiles.
//!
//! m is 4, or 2 where an image has so few tiles that reading 36 weights for 9 takes longer than the products it saves. At stride 2
//! it is 2: 25 products for 36.

pub mod backward_weight;
mod epilogue;
pub mod forward;
pub mod lean;
mod lines_2x2;
mod lines_2x2_strided;
mod lines_4x4;
pub mod pack;
mod read;
mod tiles;

use super::Norm;
use crate::lanes::Lanes;

/// The transforms of one line of a tile of `TILE` outputs and `PATCH` inputs; two of them, across and down, transform a square.
pub trait Lines<const TILE: usize, const PATCH: usize> {
    /// Inputs from the window of an output to that of the next.
    const STRIDE: usize = 1;
    /// `Bᵀ d`.
    fn input<L: Lanes>(d: [L; PATCH]) -> [L; PATCH];
    /// `G g`.
    fn weight<L: Lanes>(g: [L; 3]) -> [L; PATCH];
    /// `Aᵀ m`.
    fn output<L: Lanes>(m: [L; PATCH]) -> [L; TILE];
}

/// F(2×2, 3×3).
pub enum F2 {}
/// F(4×4, 3×3).
pub enum F4 {}
/// F(4×4, 3×3) with the factors of its lines of weights in the transform of outputs, which takes no more for it: for weights that
/// are transformed as often as they are multiplied.
pub enum UnscaledF4 {}

/// F(2×2, 3×3) at stride 2: F(2, 2) of the inputs with even numbers, plain products of the others, across and down.
pub enum StridedF2 {}

/// Floats between positions beyond their matrix: a cache line, so that the positions do not share one cache set.
const GAP: usize = 16;

/// Floats between rows of transformed tiles beyond their channels: rows of 2 KiB would share a few sets of the first-level cache.
const ROW_GAP: usize = 32;
