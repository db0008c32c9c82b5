use super::*;
use crate::testing::{Buffer, assert_close, run_chunks};

/// Answers that the authors of Philox publish with their code.
#[test]
fn philox_gives_the_known_answers() {
    use philox::philox4x32;
    assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox4x32([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    assert_eq!(
        philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

fn normal_buffer(count: u32, chunks: u32) -> Buffer {
    normal_by(normal, count, chunks)
}

fn normal_by(kernel: unsafe fn(&RandomNormal, &Task), count: u32, chunks: u32) -> Buffer {
    let mut y = Buffer::new(count as usize);
    let args = RandomNormal { y: y.mut_ptr(), count, seed_low: 7, seed_high: 0, stream: 3, mean: 1.0, std: 2.0 };
    run_chunks(kernel, &args, chunks, 0);
    y.assert_guards("normal");
    y
}

fn uniform_buffer(count: u32, chunks: u32) -> Buffer {
    uniform_by(uniform, count, chunks)
}

fn uniform_by(kernel: unsafe fn(&RandomUniform, &Task), count: u32, chunks: u32) -> Buffer {
    let mut y = Buffer::new(count as usize);
    let args = RandomUniform { y: y.mut_ptr(), count, seed_low: 7, seed_high: 0, stream: 3, low: -1.0, high: 3.0 };
    run_chunks(kernel, &args, chunks, 0);
    y.assert_guards("uniform");
    y
}

#[test]
fn scalar_equals_reference() {
    for count in [1, 2, 1003] {
        let expected = normal_by(reference::normal, count, 2);
        assert_close(normal_buffer(count, 3).values(), expected.values(), 2e-6, "normal");
        let expected = uniform_by(reference::uniform, count, 2);
        assert_close(uniform_buffer(count, 3).values(), expected.values(), 1e-6, "uniform");
    }
}

#[test]
fn chunks_and_length_do_not_change_the_numbers() {
    let (normals, uniforms) = (normal_buffer(1003, 1), uniform_buffer(1003, 1));
    for (count, chunks) in [(1003, 5), (1001, 3), (2, 2), (1, 1)] {
        assert_eq!(normal_buffer(count, chunks).values(), &normals.values()[..count as usize]);
        assert_eq!(uniform_buffer(count, chunks).values(), &uniforms.values()[..count as usize]);
    }
}

#[test]
fn moments_are_right() {
    let moments = |values: &[f32], centre: f64| {
        let powers = |k: i32| values.iter().map(|&x| (x as f64 - centre).powi(k)).sum::<f64>() / values.len() as f64;
        [powers(1), powers(2), powers(3), powers(4)]
    };
    let n = 400_000;
    let close = |actual: [f64; 4], expected: [f64; 4], what: &str| {
        for (a, e) in actual.into_iter().zip(expected) {
            assert!((a - e).abs() < 0.01 * e.max(2.0), "{what}: {actual:?} but {expected:?}");
        }
    };
    close(moments(uniform_buffer(n, 3).values(), 1.0), [0.0, 4.0 / 3.0, 0.0, 16.0 / 5.0], "uniform");
    let standard: Vec<f32> = normal_buffer(n, 3).values().iter().map(|x| (x - 1.0) / 2.0).collect();
    close(moments(&standard, 0.0), [0.0, 1.0, 0.0, 3.0], "normal");
}
