use super::*;
use crate::testing::{Buffer, Random, run_chunks};

fn run(pixels: u32, channels: u32, gap: u32, chunks: u32, state: [u32; 4]) -> (Vec<f32>, Vec<f32>) {
    run_by(forward, pixels, channels, gap, chunks, state)
}

fn run_by(
    kernel: unsafe fn(&DropoutForward, &Task),
    pixels: u32,
    channels: u32,
    gap: u32,
    chunks: u32,
    state: [u32; 4],
) -> (Vec<f32>, Vec<f32>) {
    let stride = channels + gap;
    let len = (pixels * stride) as usize;
    let mut x = Buffer::new(len);
    x.values_mut().fill(3.0);
    let [mut y, mut mask] = [1, 2].map(|seed| Random(seed).buffer(len));
    let args = DropoutForward {
        x: x.ptr(),
        x_stride: stride,
        state: state.as_ptr(),
        y: y.mut_ptr(),
        y_stride: stride,
        mask: mask.mut_ptr(),
        mask_stride: stride,
        pixels,
        channels,
        stream: 5,
        p: 0.25,
        scale: 4.0 / 3.0,
    };
    run_chunks(kernel, &args, chunks, 0);
    y.assert_guards("y");
    mask.assert_guards("mask");
    let dense =
        |buffer: &Buffer| buffer.values().chunks(stride as usize).flat_map(|row| &row[..channels as usize]).copied().collect();
    (dense(&y), dense(&mask))
}

#[test]
fn scalar_equals_reference() {
    let mut random = Random(1);
    for case in 0..100 {
        let (pixels, channels, gap) = (random.int(1, 20), random.int(1, 21), 2 * random.int(0, 1));
        let state = [0, 1, 2, 3].map(|_| random.word() as u32);
        let actual = run(pixels, channels, gap, 1 + case % 4, state);
        assert_eq!(actual, run_by(reference::forward, pixels, channels, gap, 1, state));
    }
}

#[test]
fn strides_and_chunks_do_not_change_the_mask() {
    let expected = run(100, 7, 0, 1, [1, 0, 2, 0]);
    assert_eq!(run(100, 7, 0, 3, [1, 0, 2, 0]), expected);
    assert_eq!(run(100, 7, 2, 4, [1, 0, 2, 0]), expected);
    assert_ne!(run(100, 7, 0, 1, [1, 0, 3, 0]), expected);
    assert_ne!(run(100, 7, 0, 1, [2, 0, 2, 0]), expected);
}

#[test]
fn drops_a_quarter_and_scales_the_rest() {
    let (y, mask) = run(1000, 40, 0, 3, [1, 0, 0, 0]);
    let dropped = mask.iter().filter(|&&m| m == 0.0).count() as f32 / mask.len() as f32;
    assert!((dropped - 0.25).abs() < 0.01, "{dropped}");
    assert!(mask.iter().all(|&m| m == 0.0 || m == 4.0 / 3.0));
    assert!(y.iter().zip(&mask).all(|(y, m)| *y == 3.0 * m));
}
