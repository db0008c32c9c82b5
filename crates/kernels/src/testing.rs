//! Help for tests: random data, guarded buffers, comparison.

use crate::abi::Task;

const GUARD: usize = 16;
const GUARD_VALUE: f32 = 12345.678;

/// A small counter-based generator (splitmix64), so that a failing case can be repeated from its seed.
pub struct Random(pub u64);

impl Random {
    pub fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// Uniform in `low..=high`.
    pub fn int(&mut self, low: u32, high: u32) -> u32 {
        low + (self.word() % (high - low + 1) as u64) as u32
    }
    /// Uniform in [-1, 1).
    pub fn float(&mut self) -> f32 {
        (self.word() >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }
    pub fn buffer(&mut self, len: usize) -> Buffer {
        let mut buffer = Buffer::new(len);
        buffer.values_mut().iter_mut().for_each(|x| *x = self.float());
        buffer
    }
}

/// Floats with a guard on both sides that shows stray writes.
#[derive(Clone)]
pub struct Buffer(Vec<f32>);

impl Buffer {
    /// Filled with NaN, so that a read of something never written shows.
    pub fn new(len: usize) -> Self {
        let mut all = vec![GUARD_VALUE; len + 2 * GUARD];
        all[GUARD..GUARD + len].fill(f32::NAN);
        Self(all)
    }
    pub fn values(&self) -> &[f32] {
        &self.0[GUARD..self.0.len() - GUARD]
    }
    pub fn values_mut(&mut self) -> &mut [f32] {
        let end = self.0.len() - GUARD;
        &mut self.0[GUARD..end]
    }
    pub fn ptr(&self) -> *const f32 {
        self.values().as_ptr()
    }
    pub fn mut_ptr(&mut self) -> *mut f32 {
        self.values_mut().as_mut_ptr()
    }
    pub fn bits(&self) -> Vec<u32> {
        self.values().iter().map(|x| x.to_bits()).collect()
    }
    pub fn assert_guards(&self, what: &str) {
        let ends = self.0[..GUARD].iter().chain(&self.0[self.0.len() - GUARD..]);
        assert!(ends.into_iter().all(|&x| x == GUARD_VALUE), "{what}: wrote outside its buffer");
    }
}

/// Runs a kernel chunk by chunk, last chunk first, with scratch memory of its own.
pub fn run_chunks<A>(kernel: unsafe fn(&A, &Task), args: &A, chunks: u32, scratch_floats: usize) {
    let mut scratch = Buffer::new(scratch_floats + 16);
    let aligned = scratch.mut_ptr().align_offset(64);
    for chunk in (0..chunks).rev() {
        scratch.values_mut().fill(f32::NAN);
        // SAFETY: the offset stays within the 16 spare floats.
        let task = Task { chunk, chunks, ..Task::whole(unsafe { scratch.mut_ptr().add(aligned) }) };
        // SAFETY: the test built valid arguments.
        unsafe { kernel(args, &task) };
    }
    scratch.assert_guards("scratch");
}

/// Asserts `|actual - expected| ≤ tolerance · max(1, |expected|)` for each element; NaN equals NaN.
pub fn assert_close(actual: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    for (i, (&a, &e)) in actual.iter().zip(expected).enumerate() {
        let near = (a - e).abs() <= tolerance * e.abs().max(1.0) || a == e || (a.is_nan() && e.is_nan());
        assert!(near, "{what}: element {i} is {a}, reference has {e}");
    }
}
