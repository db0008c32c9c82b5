//! The definitions, with sums in f64.

use super::{Conv2dBackwardInput, Conv2dBackwardWeight, Conv2dForward};
use crate::abi::Task;

/// Input coordinate that tap `k` of output `o` reads, if it lies in the image.
fn source(o: usize, k: usize, stride: u32, dilation: u32, pad: i32, size: u32) -> Option<usize> {
    let i = o as i64 * stride as i64 + k as i64 * dilation as i64 - pad as i64;
    (0..size as i64).contains(&i).then_some(i as usize)
}

/// # Safety
/// Pointers cover the tensors that the geometry describes.
pub unsafe fn forward(a: &Conv2dForward, task: &Task) {
    let (oh, ow, o_all) = (a.geometry.out_height as usize, a.geometry.out_width as usize, a.geometry.out_channels as usize);
    let (c_group, o_group) = ((a.geometry.in_channels / a.geometry.groups) as usize, o_all / a.geometry.groups as usize);
    for pixel in task.range(a.geometry.batch * a.geometry.out_height * a.geometry.out_width) {
        let (n, oy, ox) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
        let index = n * a.y_image as usize + oy * a.y_row as usize + ox * a.y_column as usize;
        for o in 0..o_all {
            // SAFETY: coordinates lie within the tensors.
            unsafe {
                let mut sum = if a.bias.is_null() { 0.0 } else { *a.bias.add(o) as f64 };
                for kh in 0..a.geometry.kernel_height as usize {
                    for kw in 0..a.geometry.kernel_width as usize {
                        let iy = source(
                            oy,
                            kh,
                            a.geometry.stride_height,
                            a.geometry.dilation_height,
                            a.geometry.pad_top,
                            a.geometry.height,
                        );
                        let ix = source(
                            ox,
                            kw,
                            a.geometry.stride_width,
                            a.geometry.dilation_width,
                            a.geometry.pad_left,
                            a.geometry.width,
                        );
                        let (Some(iy), Some(ix)) = (iy, ix) else { continue };
                        let x = a
                            .x
                            .add(((n * a.geometry.height as usize + iy) * a.geometry.width as usize + ix) * a.x_stride as usize);
                        for c in 0..c_group {
                            let w = *a.w.add(((kh * a.geometry.kernel_width as usize + kw) * c_group + c) * o_all + o);
                            sum += *x.add(o / o_group * c_group + c) as f64 * w as f64;
                        }
                    }
                }
                if !a.residual.is_null() {
                    sum += *a.residual.add(index * a.residual_stride as usize + o) as f64;
                }
                *a.y.add(index * a.y_stride as usize + o) = if a.relu != 0 && sum < 0.0 { 0.0 } else { sum as f32 };
            }
        }
    }
}

/// # Safety
/// Pointers cover the tensors that the geometry describes.
pub unsafe fn backward_input(a: &Conv2dBackwardInput, task: &Task) {
    let (h, w, o_all) = (a.geometry.height as usize, a.geometry.width as usize, a.geometry.out_channels as usize);
    let (c_group, o_group) = ((a.geometry.in_channels / a.geometry.groups) as usize, o_all / a.geometry.groups as usize);
    for pixel in task.range(a.geometry.batch * a.geometry.height * a.geometry.width) {
        let (n, iy, ix) = (pixel / (h * w), pixel / w % h, pixel % w);
        for c in 0..a.geometry.in_channels as usize {
            let mut sum = 0.0;
            for (kh, oy) in sources(
                iy,
                a.geometry.kernel_height,
                a.geometry.stride_height,
                a.geometry.dilation_height,
                a.geometry.pad_top,
                a.geometry.out_height,
            ) {
                for (kw, ox) in sources(
                    ix,
                    a.geometry.kernel_width,
                    a.geometry.stride_width,
                    a.geometry.dilation_width,
                    a.geometry.pad_left,
                    a.geometry.out_width,
                ) {
                    let first = c / c_group * o_group;
                    let tap = (kh * a.geometry.kernel_width as usize + kw) * c_group + c % c_group;
                    let at = (n * a.geometry.out_height as usize + oy) * a.geometry.out_width as usize + ox;
                    for o in first..first + o_group {
                        // SAFETY: coordinates lie within the tensors.
                        sum += unsafe { *a.dy.add(at * a.dy_stride as usize + o) as f64 * *a.w.add(tap * o_all + o) as f64 };
                    }
                }
            }
            // SAFETY: as above.
            unsafe { *a.dx.add(pixel * a.dx_stride as usize + c) = sum as f32 };
        }
    }
}

/// The taps and outputs that read input coordinate `i`.
fn sources(i: usize, k: u32, stride: u32, dilation: u32, pad: i32, size: u32) -> impl Iterator<Item = (usize, usize)> {
    (0..k as usize).filter_map(move |k| {
        let o = i as i64 + pad as i64 - k as i64 * dilation as i64;
        let hit = o >= 0 && o % stride as i64 == 0 && o / (stride as i64) < size as i64;
        hit.then_some((k, (o / stride as i64) as usize))
    })
}

/// # Safety
/// Pointers cover the tensors that the geometry describes; `dw` is one gradient.
pub unsafe fn backward_weight(a: &Conv2dBackwardWeight, task: &Task) {
    let (oh, ow, o_all) = (a.geometry.out_height as usize, a.geometry.out_width as usize, a.geometry.out_channels as usize);
    let (c_group, o_group) = ((a.geometry.in_channels / a.geometry.groups) as usize, o_all / a.geometry.groups as usize);
    for tap in task.range(a.geometry.kernel_height * a.geometry.kernel_width * c_group as u32) {
        let (kh, kw, c) =
            (tap / c_group / a.geometry.kernel_width as usize, tap / c_group % a.geometry.kernel_width as usize, tap % c_group);
        for o in 0..o_all {
            let mut sum = 0.0;
            for pixel in 0..a.geometry.batch as usize * oh * ow {
                let (n, oy, ox) = (pixel / (oh * ow), pixel / ow % oh, pixel % ow);
                let iy =
                    source(oy, kh, a.geometry.stride_height, a.geometry.dilation_height, a.geometry.pad_top, a.geometry.height);
                let ix =
                    source(ox, kw, a.geometry.stride_width, a.geometry.dilation_width, a.geometry.pad_left, a.geometry.width);
                let (Some(iy), Some(ix)) = (iy, ix) else { continue };
                let at = (n * a.geometry.height as usize + iy) * a.geometry.width as usize + ix;
                // SAFETY: coordinates lie within the tensors.
                sum += unsafe {
                    *a.x.add(at * a.x_stride as usize + o / o_group * c_group + c) as f64
                        * *a.dy.add(pixel * a.dy_stride as usize + o) as f64
                };
            }
            // SAFETY: as above.
            unsafe { *a.dw.add(tap * o_all + o) = sum as f32 };
        }
    }
}
