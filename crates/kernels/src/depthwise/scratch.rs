//! What a worker keeps beside the tensors: zeros, and a table of the columns that a tile reads.

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
}
