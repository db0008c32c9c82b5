//! The definition in f64.

use super::MapForward;
use super::code::{CONSTANTS, Code, INPUTS, Instruction, Program, RESULTS};
use crate::abi::Task;

/// What an instruction makes of two numbers.
pub fn value(code: Code, a: f64, b: f64) -> f64 {
    match code {
        Code::Add => a + b,
        Code::Subtract => a - b,
        Code::Multiply => a * b,
        Code::Divide => a / b,
        Code::Max if b > a => b,
        Code::Min if b < a => b,
        Code::Max | Code::Min => a,
        Code::Less => (a < b) as u32 as f64,
        Code::Keep if b > 0.0 => a,
        Code::Keep => 0.0,
        Code::Pow => libm::pow(a, b),
        Code::Abs => a.abs(),
        Code::Sqrt => libm::sqrt(a),
        Code::Exp => libm::exp(a),
        Code::Expm1 => libm::expm1(a),
        Code::Log => libm::log(a),
        Code::Tanh => libm::tanh(a),
        Code::Sigmoid => 1.0 / (1.0 + libm::exp(-a)),
        Code::Erf => libm::erf(a),
    }
}

/// # Safety
/// Inputs and y cover the layout's box.
pub unsafe fn forward(a: &MapForward, task: &Task) {
    // SAFETY: the caller vouches for layout, program and tensors.
    unsafe {
        let (sizes, y_steps, program) = (a.sizes(), a.y_steps(), Program::new(a.program));
        for index in task.range(sizes.iter().product::<usize>() as u32) {
            let place = places(index, sizes);
            let offset = |steps: [usize; 4]| (0..4).map(|axis| place[axis] * steps[axis]).sum::<usize>();
            let mut registers = [0.0; INPUTS + CONSTANTS + RESULTS];
            for input in 0..a.inputs as usize {
                registers[input] = *a.input(input).add(offset(a.input_steps(input))) as f64;
            }
            for constant in 0..program.constants() {
                registers[INPUTS + constant] = *program.constant(constant) as f64;
            }
            let mut last = 0.0;
            for at in 0..program.count() {
                let Instruction { code, result, a, b } = program.at(at);
                last = value(code, registers[a], registers[b]);
                registers[result] = last;
            }
            *a.y.add(offset(y_steps)) = last as f32;
        }
    }
}

/// The place of an element in the order of memory.
fn places(mut index: usize, sizes: [usize; 4]) -> [usize; 4] {
    let mut place = [0; 4];
    for axis in (0..4).rev() {
        place[axis] = index % sizes[axis];
        index /= sizes[axis];
    }
    place
}
