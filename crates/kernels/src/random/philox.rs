//! Philox4x32-10: four random words from a counter of four words and a key of two, by integer arithmetic alone.
//!
//! Source: Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.

use core::ops::Range;

#[inline(always)]
pub fn philox4x32(mut c: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = c[0] as u64 * 0xd251_1f53;
        let b = c[2] as u64 * 0xcd9e_8d57;
        c = [(b >> 32) as u32 ^ c[1] ^ key[0], b as u32, (a >> 32) as u32 ^ c[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9e37_79b9), key[1].wrapping_add(0xbb67_ae85)];
    }
    c
}

/// The words of a stream, four in a block.
pub struct Words {
    key: [u32; 2],
    counter: [u32; 4],
}

impl Words {
    /// `seed` and `step` are 64 bits, low word first.
    pub fn new(seed: [u32; 2], stream: u32, step: [u32; 2]) -> Self {
        Self { key: seed, counter: [0, stream, step[0], step[1]] }
    }
    /// Calls `visit(i, word)` for each i of a range.
    #[inline(always)]
    pub fn visit(&self, range: Range<usize>, mut visit: impl FnMut(usize, u32)) {
        for block in range.start / 4..range.end.div_ceil(4) {
            let [_, stream, low, high] = self.counter;
            let words = philox4x32([block as u32, stream, low, high], self.key);
            for k in 0..4 {
                if range.contains(&(4 * block + k)) {
                    visit(4 * block + k, words[k]);
                }
            }
        }
    }
}
