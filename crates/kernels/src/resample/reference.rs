//! The definition in f64.

use super::ResampleForward;
use crate::abi::Task;
use crate::pixels::List;

/// # Safety
/// x and y cover all indices at their strides, and the taps lie within x.
pub unsafe fn forward(a: &ResampleForward, task: &Task) {
    let [outer, rows, columns, channels] = [a.outer, a.rows, a.columns, a.channels].map(|size| size as usize);
    let place =
        |strides: [u32; 3], [o, r, c]: [usize; 3]| o * strides[0] as usize + r * strides[1] as usize + c * strides[2] as usize;
    let [x_strides, y_strides] =
        [[a.x_outer_stride, a.x_row_stride, a.x_column_stride], [a.y_outer_stride, a.y_row_stride, a.y_column_stride]];
    let extent = |strides, sizes: [usize; 3]| match sizes.contains(&0) {
        true => 0,
        false => place(strides, sizes.map(|size| size - 1)) + channels,
    };
    let (x_rows, x_columns) = (a.x_rows as usize, a.x_columns as usize);
    // SAFETY: as above.
    let (x, y) = unsafe {
        (
            List::<f32>::new(a.x, extent(x_strides, [outer, x_rows, x_columns])),
            List::<f32>::new(a.y, extent(y_strides, [outer, rows, columns])),
        )
    };
    let [row_axis, column_axis] = a.axes();
    for unit in task.range(a.outer * a.rows) {
        let (o, row) = (unit / rows, unit % rows);
        for (column, channel) in (0..columns).flat_map(|column| (0..channels).map(move |channel| (column, channel))) {
            let mut sum = 0.0;
            // SAFETY: the tables have this row and this column.
            unsafe {
                for r in row_axis.of(row) {
                    for c in column_axis.of(column) {
                        let weight = row_axis.weight(r) as f64 * column_axis.weight(c) as f64;
                        let from = place(x_strides, [o, row_axis.index(r), column_axis.index(c)]);
                        sum += weight * x.at(from + channel);
                    }
                }
            }
            y.set(place(y_strides, [o, row, column]) + channel, sum);
        }
    }
}
