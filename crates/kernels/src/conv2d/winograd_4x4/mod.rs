//! Winograd's F(4×4, 3×3): 36 products for 16 outputs instead of 144 (Lavin & Gray 2016, arXiv:1509.09308).
//!
//! `y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A` with 6×6 patches d of the input that overlap by two. The sum over channels turns ⊙ into
//! 36 matrix products (tiles × in channels)·(in channels × out channels), one for each position of the patch. The
//! gradient of g is the transpose of the same formula: `dg = Gᵀ[(A dy Aᵀ) ⊙ (Bᵀ d B)]G`, summed over tiles.
//!
//! Interpolation points are 0, ±√½, ±√2 and ∞: half the rounding error of the usual 0, ±1, ±2, ∞ at the same price,
//! because the points are reciprocal in pairs.

pub mod backward_weight;
pub mod forward;
mod lines;
pub mod pack;
mod tiles;

/// Rows and columns of outputs that a tile covers.
const TILE: usize = 4;
/// Rows and columns of inputs that a tile reads.
const PATCH: usize = 6;
/// Positions of a patch, each a matrix product.
const POSITIONS: usize = PATCH * PATCH;
/// Floats between positions beyond their matrix: a cache line, so that 36 positions do not share one cache set.
const GAP: usize = 16;
