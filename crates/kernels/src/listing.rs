//! The kernels of this module as TypeScript reads them. Addresses and lengths are bytes.

#[cfg(not(feature = "engine"))]
use crate::table::EXTRA as LISTED;
#[cfg(feature = "engine")]
use crate::table::OPS as LISTED;
use crate::table::{get, len};

#[unsafe(no_mangle)]
extern "C" fn kernel_count() -> u32 {
    len(LISTED) as u32
}

/// Address of a kernel's name (`field` 0) or signature (1).
#[unsafe(no_mangle)]
extern "C" fn kernel_text(index: u32, field: u32) -> u32 {
    text(index, field).as_ptr() as u32
}

#[unsafe(no_mangle)]
extern "C" fn kernel_text_len(index: u32, field: u32) -> u32 {
    text(index, field).len() as u32
}

fn text(index: u32, field: u32) -> &'static str {
    get(LISTED, index as usize).map_or("", |kernel| match field {
        0 => kernel.name,
        _ => kernel.signature,
    })
}

/// Where a kernel is in this module's table of functions; in the engine's, a step's first word.
#[unsafe(no_mangle)]
extern "C" fn kernel_entry(index: u32) -> u32 {
    get(LISTED, index as usize).map_or(0, |kernel| kernel.run as usize as u32)
}
