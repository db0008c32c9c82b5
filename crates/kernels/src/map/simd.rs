//! Instruction by instruction on blocks, each in lanes.

use super::MapForward;
use super::code::{BLOCK, Both, CONSTANTS, Code, INPUTS, Instruction, Program, RESULTS};
use super::plane::{Block, Buffer, Steps};
use crate::abi::Task;
use crate::elementary;
use crate::lanes::Lanes;
use core::ops::Range;

/// Where a number of a block lies: its first element, floats from row to row, and from column to column: 1, or 0 for what is the same
/// everywhere.
#[derive(Clone, Copy)]
struct Place {
    first: *const f32,
    row: usize,
    column: usize,
}

impl Place {
    const fn rows(first: *const f32, row: usize) -> Self {
        Self { first, row, column: 1 }
    }
    const fn constant(first: *const f32) -> Self {
        Self { first, row: 0, column: 0 }
    }
}

/// A program at work: one plane of the box after the other.
struct Machine<'a> {
    args: &'a MapForward,
    program: Program,
    /// Of inputs that are gathered, and of results.
    buffers: [Buffer; INPUTS + RESULTS],
    input_steps: [Steps; INPUTS],
    y_steps: Steps,
    registers: [Place; INPUTS + CONSTANTS + RESULTS],
}

impl<'a> Machine<'a> {
    /// # Safety
    /// The arguments are valid.
    #[inline(always)]
    unsafe fn new(args: &'a MapForward) -> Self {
        // SAFETY: the caller vouches for the arguments.
        unsafe {
            let steps = |input| Steps::of(if input < args.inputs as usize { args.input_steps(input) } else { [0; 4] });
            let program = Program::new(args.program);
            let mut machine = Self {
                args,
                buffers: [Buffer::EMPTY; INPUTS + RESULTS],
                input_steps: core::array::from_fn(steps),
                y_steps: Steps::of(args.y_steps()),
                registers: [Place::constant(core::ptr::null()); INPUTS + CONSTANTS + RESULTS],
                program,
            };
            for constant in 0..machine.program.constants() {
                machine.registers[INPUTS + constant] = Place::constant(machine.program.constant(constant));
            }
            machine
        }
    }

    /// # Safety
    /// The block lies in the plane (i, j) of the box.
    #[inline(never)]
    unsafe fn run<L: Lanes>(&mut self, [i, j]: [usize; 2], block: &Block) {
        let offset = |[first, second, ..]: [usize; 4]| i * first + j * second;
        // SAFETY: the caller vouches for the block, and the program's registers are numbered below their count.
        unsafe {
            let mut dense = self.y_steps.is_dense(block);
            for input in 0..self.args.inputs as usize {
                let steps = self.input_steps[input];
                let first = self.args.input(input).add(offset(self.args.input_steps(input)) + steps.offset(block));
                self.registers[input] = if steps.column == 1 {
                    dense &= steps.is_dense(block);
                    Place::rows(first, steps.row)
                } else {
                    Place::rows(self.buffers[input].gather(first, steps, block), block.columns)
                };
            }
            for result in 0..RESULTS {
                let first = self.buffers[INPUTS + result].floats();
                self.registers[INPUTS + CONSTANTS + result] = Place::rows(first, block.columns);
            }
            // Rows that lie next to each other everywhere are one.
            let size = if dense { (1, block.size()) } else { (block.rows, block.columns) };
            let y = self.args.y.add(offset(self.args.y_steps()) + self.y_steps.offset(block));
            let in_rows = self.y_steps.column == 1;
            let last = self.program.count() - 1;
            let mut at = 0;
            while at <= last {
                let first = self.program.at(at);
                let both = (at < last).then(|| first.with(self.program.at(at + 1))).flatten();
                at += both.is_some() as usize;
                let Instruction { code, result, a, b } = first;
                let [a, b] = [a, b].map(|register| self.registers[register]);
                let to = if at == last && in_rows { Place::rows(y, self.y_steps.row) } else { self.registers[result] };
                match both {
                    Some(Both::Silu) => unary::<L>(a, to, size, |x| x.mul(elementary::sigmoid(x))),
                    Some(Both::Clip(most)) => clipped::<L>(a, b, self.registers[most], to, size),
                    None => step::<L>(code, a, b, to, size),
                }
                if at == last && !in_rows {
                    self.buffers[result - CONSTANTS].scatter(y, self.y_steps, block);
                }
                at += 1;
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

/// A region of a box of images, pixels of an image, and channels; y is what a step has written there.
///
/// # Safety
/// As for [`forward`]; the region lies in the box, and its outputs are written.
pub unsafe fn region<L: Lanes>(a: &MapForward, task: &Task) {
    let region = task.region;
    let (channel, channels) = (region.first_channel as usize, region.channels as usize);
    let mut pixels = region.first_pixel as usize..(region.first_pixel + region.pixels) as usize;
    // SAFETY: the caller vouches for the arguments.
    unsafe {
        let [_, _, rows, _] = a.sizes();
        let mut machine = Machine::new(a);
        while !pixels.is_empty() {
            let (image, row) = (pixels.start / rows, pixels.start % rows);
            let end = rows.min(row + pixels.len());
            for block in blocks(row..end, channel..channel + channels, true) {
                machine.run::<L>([0, image], &block);
            }
            pixels.start += end - row;
        }
    }
}

/// # Safety
/// So many rows and columns of what the code reads, and of `to`, which may be what is read.
unsafe fn step<L: Lanes>(code: Code, a: Place, b: Place, to: Place, size: (usize, usize)) {
    // SAFETY: the caller vouches for the elements.
    unsafe {
        match code {
            Code::Add => binary::<L>(a, b, to, size, L::add),
            Code::Subtract => binary::<L>(a, b, to, size, L::sub),
            Code::Multiply => binary::<L>(a, b, to, size, L::mul),
            Code::Divide => binary::<L>(a, b, to, size, L::div),
            Code::Max => binary::<L>(a, b, to, size, L::max),
            Code::Min => binary::<L>(a, b, to, size, L::min),
            Code::Less => binary::<L>(a, b, to, size, |a, b| a.select_if_less(b, L::splat(1.0), L::zero())),
            Code::Keep => binary::<L>(a, b, to, size, L::keep_where_positive),
            Code::Pow => one_by_one(a, b, to, size, libm::powf),
            Code::Abs => unary::<L>(a, to, size, L::abs),
            Code::Sqrt => unary::<L>(a, to, size, L::sqrt),
            Code::Exp => unary::<L>(a, to, size, elementary::exp),
            Code::Expm1 => unary::<L>(a, to, size, elementary::expm1),
            Code::Log => one_by_one(a, a, to, size, |a, _| libm::logf(a)),
            Code::Tanh => unary::<L>(a, to, size, elementary::tanh),
            Code::Sigmoid => unary::<L>(a, to, size, elementary::sigmoid),
            Code::Erf => one_by_one(a, a, to, size, |a, _| libm::erff(a)),
        }
    }
}

/// Most lanes of a vector.
const MOST_LANES: usize = 8;

/// Calls `line` with where a row of `to` begins, and of both operands.
///
/// # Safety
/// As for [`step`].
#[inline(always)]
unsafe fn each_row(a: Place, b: Place, to: Place, rows: usize, mut line: impl FnMut(*const f32, *const f32, *mut f32)) {
    for row in 0..rows {
        let at = |place: Place| place.first.wrapping_add(row * place.row);
        line(at(a), at(b), at(to).cast_mut());
    }
}

/// # Safety
/// As for [`step`].
#[inline(always)]
unsafe fn one_by_one(a: Place, b: Place, to: Place, (rows, len): (usize, usize), f: impl Fn(f32, f32) -> f32) {
    // SAFETY: the caller vouches for the elements.
    unsafe {
        each_row(a, b, to, rows, |x, y, to| (0..len).for_each(|i| *to.add(i) = f(*x.add(i * a.column), *y.add(i * b.column))));
    }
}

/// # Safety
/// As for [`step`].
#[inline(always)]
unsafe fn binary<L: Lanes>(a: Place, b: Place, to: Place, size: (usize, usize), f: impl Fn(L, L) -> L) {
    // SAFETY: the caller vouches for the elements.
    unsafe {
        let [same_a, same_b] = [a, b].map(|place| L::splat(*place.first));
        match (a.column, b.column) {
            (1, 1) => lines::<L>(a, b, to, size, f),
            (1, _) => lines::<L>(a, a, to, size, |x, _| f(x, same_b)),
            (_, 1) => lines::<L>(b, b, to, size, |y, _| f(same_a, y)),
            _ => {
                let mut value = [0.0; MOST_LANES];
                f(same_a, same_b).store(value.as_mut_ptr());
                fill(value.as_ptr(), to, size);
            }
        }
    }
}

/// Writes the same number everywhere. A function of its own, as V8 13.6 reads the lanes of a pair before it stores them.
///
/// # Safety
/// As for [`step`].
#[inline(never)]
unsafe fn fill(value: *const f32, to: Place, size: (usize, usize)) {
    // SAFETY: the caller vouches for the elements.
    unsafe { one_by_one(Place::constant(value), Place::constant(value), to, size, |value, _| value) }
}

/// `min(max(a, least), most)`, as two instructions would have it, without writing what is between them.
///
/// # Safety
/// As for [`step`]; both bounds are constants, and a is none.
unsafe fn clipped<L: Lanes>(a: Place, least: Place, most: Place, to: Place, size: (usize, usize)) {
    // SAFETY: the caller vouches for the elements.
    unsafe {
        let [least, most] = [least, most].map(|place| L::splat(*place.first));
        lines::<L>(a, a, to, size, |a, _| a.max(least).min(most));
    }
}

/// # Safety
/// As for [`step`].
#[inline(always)]
unsafe fn unary<L: Lanes>(a: Place, to: Place, size: (usize, usize), f: impl Fn(L) -> L) {
    // SAFETY: the caller vouches for the elements.
    unsafe { binary::<L>(a, a, to, size, |a, _| f(a)) }
}

/// Vector by vector, of operands that lie in rows; what is left of a row is computed in a vector of its own.
///
/// # Safety
/// As for [`step`].
#[inline(always)]
unsafe fn lines<L: Lanes>(a: Place, b: Place, to: Place, (rows, len): (usize, usize), f: impl Fn(L, L) -> L) {
    let whole = len - len % L::WIDTH;
    let fours = len - len % (4 * L::WIDTH);
    // SAFETY: the caller vouches for the elements.
    unsafe {
        each_row(a, b, to, rows, |a, b, to| {
            let at = |i: usize| f(L::load(a.add(i)), L::load(b.add(i))).store(to.add(i));
            for i in (0..fours).step_by(4 * L::WIDTH) {
                at(i);
                at(i + L::WIDTH);
                at(i + 2 * L::WIDTH);
                at(i + 3 * L::WIDTH);
            }
            for i in (fours..whole).step_by(L::WIDTH) {
                at(i);
            }
            if whole < len {
                let mut rest = [[0.0; MOST_LANES]; 3];
                let [x, y, z] = &mut rest;
                core::ptr::copy_nonoverlapping(a.add(whole), x.as_mut_ptr(), len - whole);
                core::ptr::copy_nonoverlapping(b.add(whole), y.as_mut_ptr(), len - whole);
                f(L::load(x.as_ptr()), L::load(y.as_ptr())).store(z.as_mut_ptr());
                core::ptr::copy_nonoverlapping(z.as_ptr(), to.add(whole), len - whole);
            }
        });
    }
}
