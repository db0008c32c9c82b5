//! Weights into panels, by strides.

use super::{GemmPack, PANEL};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{load_all, store_all};

/// # Safety
/// `w` holds the matrices at their strides, `scale` a float for each column unless it is null; `packed` holds all panels.
#[inline(never)]
pub unsafe fn pack<L: Lanes>(p: &GemmPack, task: &Task) {
    let (columns, blocks) = (p.columns as usize, p.columns.div_ceil(PANEL as u32));
    let (height, width, depth) = (p.height as usize, p.width as usize, p.depth as usize);
    let (stride, panel) = (p.column_stride as usize, height * width * depth * PANEL);
    for item in task.range(p.groups * blocks) {
        let (group, first) = (item / blocks as usize, item % blocks as usize * PANEL);
        let live = PANEL.min(columns - first);
        let start = group * p.group_stride as usize + first * stride;
        // SAFETY: tap, depth and column indices stay within the matrix; the panel is the item's own.
        unsafe {
            let mut factors = [1.0; PANEL];
            if !p.scale.is_null() {
                for (j, factor) in factors[..live].iter_mut().enumerate() {
                    *factor = *p.scale.add(group * columns + first + j);
                }
            }
            let scale: [L; 2] = load_all(factors.as_ptr());
            let scaled = |values: [L; 2]| core::array::from_fn::<L, 2, _>(|v| values[v].mul(scale[v]));
            let mut to = p.packed.add(item * panel);
            for tap in 0..height * width {
                let offset = (tap / width) as isize * p.tap_row as isize + (tap % width) as isize * p.tap_column as isize;
                let mut from = p.w.offset(offset).add(start);
                let end = to.add(depth * PANEL);
                if live == PANEL && stride == 1 {
                    // By fours, as the compiler does not unroll loops whose length it does not know.
                    while to.add(3 * PANEL) < end {
                        for _ in 0..4 {
                            store_all(scaled(load_all(from)), to);
                            (from, to) = (from.wrapping_add(p.depth_stride as usize), to.add(PANEL));
                        }
                    }
                }
                while to < end {
                    store_all(scaled(load_columns(from, stride, live)), to);
                    (from, to) = (from.wrapping_add(p.depth_stride as usize), to.add(PANEL));
                }
            }
        }
    }
}

/// The live columns of a row of a panel, and zeros.
///
/// # Safety
/// `live` columns exist.
#[inline(always)]
unsafe fn load_columns<L: Lanes>(from: *const f32, stride: usize, live: usize) -> [L; 2] {
    // SAFETY: the caller vouches for the columns.
    unsafe {
        if live == PANEL {
            return core::array::from_fn(|v| L::load_apart(from.add(v * L::WIDTH * stride), stride));
        }
        let mut columns = [0.0; PANEL];
        for (j, column) in columns[..live].iter_mut().enumerate() {
            *column = *from.add(j * stride);
        }
        load_all(columns.as_ptr())
    }
}
