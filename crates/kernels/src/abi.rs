//! What a kernel looks like from outside: a name, a list of arguments, an entry.
//!
//! Every argument is one 32-bit word in WASM (pointer, `u32`, `i32` or `f32`), so a step's arguments are a `#[repr(C)]`
//! struct that TypeScript fills word by word in the order of [`Kernel::signature`]. The numbers never appear twice:
//! TypeScript reads names and signatures from the module itself.

/// The part of a step that one call of a kernel works on.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// Index of the chunk, `0 ≤ chunk < chunks`.
    pub chunk: u32,
    /// How many chunks the step was cut into; where bits depend on it, it never depends on the number of threads.
    pub chunks: u32,
    /// 64-byte aligned memory of this worker alone, as large as the step asked for.
    pub scratch: *mut f32,
}

impl Task {
    /// The half-open range of `0..n` that belongs to this chunk; ranges differ by at most one item.
    pub fn range(&self, n: u32) -> core::ops::Range<usize> {
        let (n, chunk, chunks) = (n as u64, self.chunk as u64, self.chunks as u64);
        (n * chunk / chunks) as usize..(n * (chunk + 1) / chunks) as usize
    }

    /// Like [`Task::range`], with both ends on multiples of `align` (but for the last end, `n`).
    pub fn aligned_range(&self, n: u32, align: u32) -> core::ops::Range<usize> {
        let blocks = self.range(n.div_ceil(align));
        let cut = |block: usize| (block * align as usize).min(n as usize);
        cut(blocks.start)..cut(blocks.end)
    }
}

/// One row of the kernel table.
pub struct Kernel {
    /// `op.pass.type/variant`, for example `conv2d.forward.f32/implicit_gemm`.
    pub name: &'static str,
    /// `field:type;` for each argument, in the order of the words.
    pub signature: &'static str,
    /// # Safety
    /// The words must be a valid argument struct of this kernel: pointers to live, large enough buffers.
    pub run: unsafe fn(*const u32, &Task),
}

/// Declares the argument struct of a kernel together with the signature that TypeScript reads.
#[macro_export]
macro_rules! kernel_args {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }
        impl $name {
            /// `field:type;` for each argument.
            pub const SIGNATURE: &'static str = concat!($(stringify!($field), ":", stringify!($type), ";"),*);
        }
    };
}

/// A row of the kernel table: `row!("relu.forward.f32/simd", ReluArgs, forward::<Vector>)`.
#[macro_export]
macro_rules! row {
    ($name:expr, $args:ty, $kernel:expr) => {
        $crate::abi::Kernel {
            name: $name,
            signature: <$args>::SIGNATURE,
            run: {
                unsafe fn run(words: *const u32, task: &$crate::abi::Task) {
                    let kernel: unsafe fn(&$args, &$crate::abi::Task) = $kernel;
                    let args = words.cast::<$args>();
                    // SAFETY: the caller of `Kernel::run` passes this kernel's argument struct.
                    unsafe { kernel(&*args, task) }
                }
                run
            },
        }
    };
}
