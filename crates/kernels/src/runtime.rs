//! What wasm-bindgen needs of `no_std` WASM: an allocator for the stacks of threads.

use alloc::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::memory_grow;

const PAGE: usize = 65536;

/// Hands out whole pages and never takes them back: kernels do not allocate, only the start of a thread does.
struct Pages;

// SAFETY: memory.grow is atomic and returns pages that nobody else holds; a failed growth is a null pointer.
unsafe impl GlobalAlloc for Pages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match memory_grow(0, layout.size().div_ceil(PAGE)) {
            usize::MAX => core::ptr::null_mut(),
            page => (page * PAGE) as *mut u8,
        }
    }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static PAGES: Pages = Pages;
