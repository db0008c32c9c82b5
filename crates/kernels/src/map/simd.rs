//! Instruction by instruction on blocks, each in lanes.

use super::MapForward;
use super::code::{BLOCK, CONSTANTS, Code, INPUTS, Instruction, Program, RESULTS};
use super::plane::{Block, Buffer, Steps};
use crate::abi::Task;
use crate::elementary;
use crate::lanes::Lanes;
use core::ops::Range;

/// A program at work: one plane of the box after the other.
struct Machine<'a> {
    args: &'a MapForward,
    program: Program,
    buffers: [Buffer; INPUTS + CONSTANTS + RESULTS],
    input_steps: [Steps; INPUTS],
    y_steps: Steps,
    registers: [*const f32; INPUTS + CONSTANTS + RESULTS],
}

impl<'a> Machine<'a> {
    /// # Safety
    /// The arguments are valid.
    #[inline(always)]
    unsafe fn new(args: &'a MapForward) -> Self {
        // SAFETY: the caller vouches for the arguments.
        unsafe {
            let steps = |input| Steps::of(if input < args.inputs as usize { args.input_steps(input) } else { [0; 4] });
            let mut machine = Self {
                args,
                program: Program::new(args.program),
                buffers: [const { Buffer::new() }; INPUTS + CONSTANTS + RESULTS],
                input_steps: core::array::from_fn(steps),
                y_steps: Steps::of(args.y_steps()),
                registers: [core::ptr::null(); INPUTS + CONSTANTS + RESULTS],
            };
            for constant in 0..machine.program.constants() {
                machine.buffers[INPUTS + constant].fill(machine.program.constant(constant), BLOCK);
            }
            machine
        }
    }

    /// # Safety
    /// The block lies in the plane (i, j) of the box.
    unsafe fn run<L: Lanes>(&mut self, [i, j]: [usize; 2], block: &Block) {
        let offset = |[first, second, ..]: [usize; 4]| i * first + j * second;
        // SAFETY: the caller vouches for the block, and the program's registers are numbered below their count.
        unsafe {
            for input in 0..self.args.inputs as usize {
                let steps = self.input_steps[input];
                let from = self.args.input(input).add(offset(self.args.input_steps(input)) + steps.offset(block));
                let dense = steps.is_dense(block);
                self.registers[input] = if dense { from } else { self.buffers[input].gather(from, steps, block) };
            }
            for register in INPUTS..INPUTS + CONSTANTS + RESULTS {
                self.registers[register] = self.buffers[register].floats();
            }
            let y = self.args.y.add(offset(self.args.y_steps()) + self.y_steps.offset(block));
            let dense = self.y_steps.is_dense(block);
            let last = self.program.len() - 1;
            for at in 0..=last {
                let Instruction { code, result, a, b } = self.program.at(at);
                let to = if at == last && dense { y } else { self.buffers[result].floats() };
                step::<L>(code, self.registers[a], self.registers[b], to, block.len());
                if at == last && !dense {
                    self.buffers[result].scatter(y, self.y_steps, block);
                }
            }
        }
    }
}

/// The blocks of some rows and columns of a plane: several whole rows, or a part of one.
fn blocks(rows: Range<usize>, columns: Range<usize>, whole: bool) -> impl Iterator<Item = Block> {
    let at_once = if whole { (BLOCK / columns.len().max(1)).max(1) } else { 1 };
    rows.clone().step_by(at_once).flat_map(move |row| {
        let columns = columns.clone();
        columns.clone().step_by(BLOCK).map(move |column| Block {
            row,
            rows: at_once.min(rows.end - row),
            column,
            columns: BLOCK.min(columns.end - column),
        })
    })
}

/// # Safety
/// Inputs and y cover the layout's box; y overlaps no input that it is not.
pub unsafe fn forward<L: Lanes>(a: &MapForward, task: &Task) {
    // SAFETY: the caller vouches for the arguments.
    unsafe {
        let [first, second, rows, columns] = a.sizes();
        let mut machine = Machine::new(a);
        if first * second * rows == 1 {
            for block in blocks(0..1, task.aligned_range(columns as u32, 16), false) {
                machine.run::<L>([0, 0], &block);
            }
            return;
        }
        let mut all = task.range((first * second * rows) as u32);
        while !all.is_empty() {
            let (plane, row) = (all.start / rows, all.start % rows);
            let end = rows.min(row + all.len());
            for block in blocks(row..end, 0..columns, true) {
                machine.run::<L>([plane / second, plane % second], &block);
            }
            all.start += end - row;
        }
    }
}

/// # Safety
/// `len` elements of what the code reads, and of `to`, which may be what is read.
unsafe fn step<L: Lanes>(code: Code, a: *const f32, b: *const f32, to: *mut f32, len: usize) {
    // SAFETY: the caller vouches for the elements.
    unsafe {
        match code {
            Code::Add => binary::<L>(a, b, to, len, L::add),
            Code::Subtract => binary::<L>(a, b, to, len, L::sub),
            Code::Multiply => binary::<L>(a, b, to, len, L::mul),
            Code::Divide => binary::<L>(a, b, to, len, L::div),
            Code::Max => binary::<L>(a, b, to, len, L::max),
            Code::Min => binary::<L>(a, b, to, len, L::min),
            Code::Less => binary::<L>(a, b, to, len, |a, b| a.select_if_less(b, L::splat(1.0), L::zero())),
            Code::Keep => binary::<L>(a, b, to, len, L::keep_where_positive),
            Code::Pow => (0..len).for_each(|i| *to.add(i) = libm::powf(*a.add(i), *b.add(i))),
            Code::Abs => unary::<L>(a, to, len, L::abs),
            Code::Sqrt => unary::<L>(a, to, len, L::sqrt),
            Code::Exp => unary::<L>(a, to, len, elementary::exp),
            Code::Expm1 => unary::<L>(a, to, len, elementary::expm1),
            Code::Log => (0..len).for_each(|i| *to.add(i) = libm::logf(*a.add(i))),
            Code::Tanh => unary::<L>(a, to, len, elementary::tanh),
            Code::Sigmoid => unary::<L>(a, to, len, elementary::sigmoid),
            Code::Erf => (0..len).for_each(|i| *to.add(i) = libm::erff(*a.add(i))),
        }
    }
}

/// Most lanes of a vector.
const MOST_LANES: usize = 8;

#[inline(always)]
unsafe fn binary<L: Lanes>(a: *const f32, b: *const f32, to: *mut f32, len: usize, f: impl Fn(L, L) -> L) {
    let whole = len - len % L::WIDTH;
    // SAFETY: the caller vouches for `len` elements; what is left of them is computed in a vector of its own.
    unsafe {
        for i in (0..whole).step_by(L::WIDTH) {
            f(L::load(a.add(i)), L::load(b.add(i))).store(to.add(i));
        }
        if whole < len {
            let mut rest = [[0.0; MOST_LANES]; 3];
            let [x, y, z] = &mut rest;
            core::ptr::copy_nonoverlapping(a.add(whole), x.as_mut_ptr(), len - whole);
            core::ptr::copy_nonoverlapping(b.add(whole), y.as_mut_ptr(), len - whole);
            f(L::load(x.as_ptr()), L::load(y.as_ptr())).store(z.as_mut_ptr());
            core::ptr::copy_nonoverlapping(z.as_ptr(), to.add(whole), len - whole);
        }
    }
}

#[inline(always)]
unsafe fn unary<L: Lanes>(a: *const f32, to: *mut f32, len: usize, f: impl Fn(L) -> L) {
    // SAFETY: as for `binary`.
    unsafe { binary::<L>(a, a, to, len, |a, _| f(a)) }
}
