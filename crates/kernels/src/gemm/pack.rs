//! Weights into panels, by strides.

use super::{GemmPack, PANEL};
use crate::abi::Task;
use crate::lanes::Lanes;
use crate::loops::{load_all, store_all};

/// # Safety
/// `w` holds the matrices at their strides; `packed` holds all panels.
#[inline(never)]
pub unsafe fn pack<L: Lanes>(p: &GemmPack, task: &Task) {
    let (columns, blocks) = (p.columns as usize, p.columns.div_ceil(PANEL as u32));
    let (height, width, depth) = (p.height as usize, p.width as usize, p.depth as usize);
    let panel = height * width * depth * PANEL;
    for item in task.range(p.groups * blocks) {
        let (group, first) = (item / blocks as usize, item % blocks as usize * PANEL);
        let live = PANEL.min(columns - first);
        let start = group * p.group_stride as usize + first * p.column_stride as usize;
        let whole = live == PANEL && p.column_stride == 1;
        // SAFETY: tap, depth and column indices stay within the matrix; the panel is the item's own.
        unsafe {
            let mut to = p.packed.add(item * panel);
            for tap in 0..height * width {
                let offset = (tap / width) as isize * p.tap_row as isize + (tap % width) as isize * p.tap_column as isize;
                let mut from = p.w.offset(offset).add(start);
                let end = to.add(depth * PANEL);
                if whole {
                    // By fours, as the compiler does not unroll loops whose length it does not know.
                    while to.add(3 * PANEL) < end {
                        for _ in 0..4 {
                            store_all(load_all::<L, 2>(from), to);
                            (from, to) = (from.wrapping_add(p.depth_stride as usize), to.add(PANEL));
                        }
                    }
                    while to < end {
                        store_all(load_all::<L, 2>(from), to);
                        (from, to) = (from.wrapping_add(p.depth_stride as usize), to.add(PANEL));
                    }
                } else {
                    while to < end {
                        for j in 0..PANEL {
                            *to.add(j) = if j < live { *from.add(j * p.column_stride as usize) } else { 0.0 };
                        }
                        (from, to) = (from.wrapping_add(p.depth_stride as usize), to.add(PANEL));
                    }
                }
            }
        }
    }
}
