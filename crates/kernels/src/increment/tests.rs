use super::*;
use crate::testing::run_chunks;

#[test]
fn counts() {
    let (mut integer_count, mut float_count, mut state) = (41, 41.0, [1, 2, u32::MAX, 7]);
    run_chunks(integer, &IncrementInteger { x: &mut integer_count }, 1, 0);
    run_chunks(float, &IncrementFloat { x: &mut float_count }, 1, 0);
    run_chunks(step, &IncrementStep { state: state.as_mut_ptr() }, 1, 0);
    assert_eq!((integer_count, float_count, state), (42, 42.0, [1, 2, 0, 8]));
}
