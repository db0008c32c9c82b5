//! What a worker keeps beside the tensors: zeros, and a table of the columns that a tile reads.

use core::ops::Range;

/// A row of zeros for the channels of a unit, and the table behind it.
#[derive(Clone, Copy)]
pub struct Scratch {
    pub zeros: *const f32,
    pub table: *mut *const f32,
}

impl Scratch {
    /// # Safety
    /// `scratch` is aligned to 64 bytes and holds `channels` floats, rounded up to 16, before the table.
    pub unsafe fn new(scratch: *mut f32, channels: usize) -> Self {
        let floats = channels.next_multiple_of(16);
        // SAFETY: the caller vouches for the floats.
        unsafe {
            scratch.write_bytes(0, floats);
            Self { zeros: scratch, table: scratch.add(floats).cast() }
        }
    }

    /// Writes a line of `count` pointers: those `inside` are `x` and what follows it in steps of floats, the others the zeros.
    ///
    /// # Safety
    /// The table takes the line.
    #[inline(always)]
    pub unsafe fn fill(&self, line: usize, count: usize, inside: Range<usize>, x: *const f32, step: usize) {
        // SAFETY: as above.
        unsafe {
            let table = self.table.add(line * count);
            let mut at = x.wrapping_add(inside.start * step);
            for j in 0..inside.start.min(count) {
                *table.add(j) = self.zeros;
            }
            for j in inside.clone() {
                *table.add(j) = at;
                at = at.wrapping_add(step);
            }
            for j in inside.end..count {
                *table.add(j) = self.zeros;
            }
        }
    }
}
