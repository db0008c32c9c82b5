//! The definition, element by element. Elements are bits, whatever they mean.

use super::{CopyNdForward, place};
use crate::abi::Task;
use crate::pixels::List;

/// # Safety
/// Pointers cover all indices at their strides.
pub unsafe fn forward(a: &CopyNdForward, task: &Task) {
    let [sizes, x_strides, y_strides] = [a.sizes(), a.x_strides(), a.y_strides()];
    if sizes.contains(&0) {
        return;
    }
    let extent = |strides: [usize; 5]| 1 + (0..5).map(|axis| (sizes[axis] - 1) * strides[axis]).sum::<usize>();
    // SAFETY: as above.
    let (x, y) = unsafe { (List::<u32>::new(a.x.cast(), extent(x_strides)), List::<u32>::new(a.y.cast(), extent(y_strides))) };
    for index in task.range(sizes.iter().product::<usize>() as u32) {
        y.set(place(index, &sizes, &y_strides), x.at(place(index, &sizes, &x_strides)));
    }
}
