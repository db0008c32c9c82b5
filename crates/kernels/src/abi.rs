//! What a kernel looks like from outside: a name, a list of arguments, an entry.
//!
//! Every argument is one 32-bit word in WASM (pointer, `u32`, `i32` or `f32`), so a step's arguments are a `#[repr(C)]`
//! struct that TypeScript fills word by word in the order of [`Kernel::signature`]. A field may be such a struct itself;
//! its arguments stand in the signature where the field is. The numbers never appear twice: TypeScript reads names and
//! signatures from the module itself.

/// The part of a step that one call of a kernel works on. A plan of one module gives it to kernels of another.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// Index of the chunk, `0 ≤ chunk < chunks`.
    pub chunk: u32,
    /// How many chunks the step was cut into; where bits depend on it, it never depends on the number of threads.
    pub chunks: u32,
    /// 64-byte aligned memory of this worker alone, as large as the step asked for.
    pub scratch: *mut f32,
    /// What follows the step, if anything does.
    pub then: Option<Entry>,
    /// Arguments of that.
    pub then_words: *const u32,
    /// What it is to work on.
    pub region: Region,
}

/// How a kernel is called.
pub type Entry = unsafe fn(*const u32, &Task);

/// Some channels of pixels that follow each other in a step's output.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Region {
    pub first_pixel: u32,
    pub pixels: u32,
    pub first_channel: u32,
    pub channels: u32,
}

impl Task {
    /// All of a step that nothing follows.
    pub const fn whole(scratch: *mut f32) -> Self {
        let region = Region { first_pixel: 0, pixels: 0, first_channel: 0, channels: 0 };
        Self { chunk: 0, chunks: 1, scratch, then: None, then_words: core::ptr::null(), region }
    }

    /// Has what follows the step work on these pixels and channels of the output, while a cache holds them.
    ///
    /// # Safety
    /// They are written, and no worker reads or writes them any more within the step.
    #[inline(never)]
    pub unsafe fn finished(&self, pixels: core::ops::Range<usize>, channels: core::ops::Range<usize>) {
        if let Some(then) = self.then {
            let region = Region {
                first_pixel: pixels.start as u32,
                pixels: pixels.len() as u32,
                first_channel: channels.start as u32,
                channels: channels.len() as u32,
            };
            // SAFETY: the plan gives the kernel's own arguments; the caller vouches for the region.
            unsafe { then(self.then_words, &Task { region, then: None, ..*self }) };
        }
    }

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
    /// `argument:type;` for each word, in their order.
    pub signature: &'static str,
    /// # Safety
    /// The words must be a valid argument struct of this kernel: pointers to live, large enough buffers.
    pub run: Entry,
}

/// What a field of an argument struct may be.
pub trait Argument {
    /// The name of a word's type, or a struct's signature.
    const SIGNATURE: &'static str;
}

macro_rules! words {
    ($($type:ident)*) => { $(impl Argument for $type { const SIGNATURE: &'static str = stringify!($type); })* };
}

words!(u32 i32 f32);

impl<T> Argument for *const T {
    const SIGNATURE: &'static str = "*const";
}

impl<T> Argument for *mut T {
    const SIGNATURE: &'static str = "*mut";
}

/// The texts that a field adds to its struct's signature: `name:type;`, or the signature of the struct that it is.
pub const fn field_texts(name: &'static str, signature: &'static str) -> [&'static str; 4] {
    match signature.as_bytes() {
        [.., b';'] => [signature, "", "", ""],
        _ => [name, ":", signature, ";"],
    }
}

/// Bytes of the texts of all fields.
pub const fn texts_len(fields: &[[&str; 4]]) -> usize {
    let (mut len, mut i) = (0, 0);
    while i < 4 * fields.len() {
        len += fields[i / 4][i % 4].len();
        i += 1;
    }
    len
}

/// The texts of all fields, one after the other; `LEN` is their [`texts_len`].
pub const fn join_texts<const LEN: usize>(fields: &[[&str; 4]]) -> [u8; LEN] {
    let (mut joined, mut at, mut i) = ([0; LEN], 0, 0);
    while i < 4 * fields.len() {
        let text = fields[i / 4][i % 4].as_bytes();
        let mut byte = 0;
        while byte < text.len() {
            joined[at] = text[byte];
            at += 1;
            byte += 1;
        }
        i += 1;
    }
    joined
}

/// Declares the argument struct of a kernel, or a part of such structs, together with the signature that TypeScript reads.
#[macro_export]
macro_rules! kernel_args {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* pub $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug)]
        pub struct $name { $($(#[$field_meta])* pub $field: $type,)* }
        impl $crate::abi::Argument for $name {
            const SIGNATURE: &'static str = {
                const FIELDS: &[[&str; 4]] =
                    &[$($crate::abi::field_texts(stringify!($field), <$type as $crate::abi::Argument>::SIGNATURE)),*];
                const JOINED: [u8; $crate::abi::texts_len(FIELDS)] = $crate::abi::join_texts(FIELDS);
                match core::str::from_utf8(&JOINED) {
                    Ok(text) => text,
                    Err(_) => unreachable!(),
                }
            };
        }
    };
}

/// A row of the kernel table: `row!("relu.forward.f32/simd", ReluArgs, forward::<Vector>)`.
#[macro_export]
macro_rules! row {
    ($name:expr, $args:ty, $kernel:expr) => {
        $crate::abi::Kernel {
            name: $name,
            signature: <$args as $crate::abi::Argument>::SIGNATURE,
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

/// As [`row!`], for a reference: modules leave these out by the name of what runs them, where nothing checks them.
#[macro_export]
macro_rules! reference_row {
    ($name:expr, $args:ty, $kernel:expr) => {
        $crate::abi::Kernel {
            name: $name,
            signature: <$args as $crate::abi::Argument>::SIGNATURE,
            run: {
                unsafe fn run_reference(words: *const u32, task: &$crate::abi::Task) {
                    let kernel: unsafe fn(&$args, &$crate::abi::Task) = $kernel;
                    let args = words.cast::<$args>();
                    // SAFETY: as for `row!`.
                    unsafe { kernel(&*args, task) }
                }
                run_reference
            },
        }
    };
}

#[cfg(test)]
mod tests {
    use super::Argument;

    kernel_args! {
        pub struct Inner {
            pub height: u32,
            pub pad: i32,
        }
    }

    kernel_args! {
        pub struct Outer {
            pub x: *const f32,
            pub inner: Inner,
            pub y: *mut f32,
            pub eps: f32,
        }
    }

    #[test]
    fn arguments_of_a_nested_struct_stand_where_it_is() {
        assert_eq!(Outer::SIGNATURE, "x:*const;height:u32;pad:i32;y:*mut;eps:f32;");
    }
}
