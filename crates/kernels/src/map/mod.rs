//! `y = program(x₀, x₁, …)`, element by element: any chain of elementwise functions is one pass over memory.
//!
//! A tensor lies in a box of four axes: element (i, j, k, l) is `i·step₀ + j·step₁ + k·step₂ + l·step₃` floats from its first. Steps of 0
//! repeat what they pass over, which is how inputs broadcast. A program runs instruction by instruction on blocks that the first-level cache
//! holds, so that each instruction rounds as an op of its own would: bits do not depend on what was fused.

pub mod code;
pub mod plane;
pub mod reference;
pub mod simd;
#[cfg(test)]
mod tests;

use crate::abi::Kernel;
use crate::lanes::Vector;
use code::INPUTS;

kernel_args! {
    /// `layout` holds the sizes of the four axes, then the steps of y, then those of each of `inputs` inputs. `program` is a
    /// [`Program`](code::Program). Inputs that are not there may be anything; y may be an input that has its steps.
    pub struct MapForward {
        pub x0: *const f32,
        pub x1: *const f32,
        pub x2: *const f32,
        pub x3: *const f32,
        pub x4: *const f32,
        pub x5: *const f32,
        pub x6: *const f32,
        pub x7: *const f32,
        pub inputs: u32,
        pub y: *mut f32,
        pub layout: *const u32,
        pub program: *const u32,
    }
}

impl MapForward {
    fn input(&self, index: usize) -> *const f32 {
        let inputs: [_; INPUTS] = [self.x0, self.x1, self.x2, self.x3, self.x4, self.x5, self.x6, self.x7];
        inputs[index]
    }
    /// Four numbers of the layout: sizes, steps of y, steps of the inputs.
    ///
    /// # Safety
    /// The layout is valid.
    unsafe fn four(&self, index: usize) -> [usize; 4] {
        // SAFETY: the caller vouches for the layout.
        core::array::from_fn(|axis| unsafe { *self.layout.add(4 * index + axis) as usize })
    }
    /// # Safety
    /// The layout is valid.
    unsafe fn sizes(&self) -> [usize; 4] {
        // SAFETY: as above.
        unsafe { self.four(0) }
    }
    /// # Safety
    /// The layout is valid.
    unsafe fn y_steps(&self) -> [usize; 4] {
        // SAFETY: as above.
        unsafe { self.four(1) }
    }
    /// # Safety
    /// The layout is valid, and has that input.
    unsafe fn input_steps(&self, index: usize) -> [usize; 4] {
        // SAFETY: as above.
        unsafe { self.four(2 + index) }
    }
}

pub const KERNELS: &[Kernel] = &[
    row!("map.forward.f32/simd", MapForward, simd::forward::<Vector>),
    row!("map.forward.f32/region", MapForward, simd::region::<Vector>),
    reference_row!("map.forward.f32/reference", MapForward, reference::forward),
];
