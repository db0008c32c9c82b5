//! The instructions of a program, and where its numbers lie.

/// Elements that an instruction works on at a time: few enough for all registers to stay in the first-level cache.
pub const BLOCK: usize = 256;
/// Registers 0.. are inputs.
pub const INPUTS: usize = 8;
/// Registers from [`INPUTS`] on are constants.
pub const CONSTANTS: usize = 8;
/// The rest hold what instructions make.
pub const RESULTS: usize = 8;

/// What an instruction does with its first operand a, and its second b if it takes one. TypeScript has the same list in `ts/ops/map/code.ts`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Code {
    Add,
    Subtract,
    Multiply,
    Divide,
    /// `b > a ? b : a`: a NaN in a stays, one in b is dropped.
    Max,
    /// `b < a ? b : a`.
    Min,
    /// 1 where `a < b`, else 0.
    Less,
    /// a where `b > 0`, else 0.
    Keep,
    Pow,
    Abs,
    Sqrt,
    Exp,
    Expm1,
    Log,
    Tanh,
    Sigmoid,
    Erf,
}

const CODES: [Code; 17] = [
    Code::Add,
    Code::Subtract,
    Code::Multiply,
    Code::Divide,
    Code::Max,
    Code::Min,
    Code::Less,
    Code::Keep,
    Code::Pow,
    Code::Abs,
    Code::Sqrt,
    Code::Exp,
    Code::Expm1,
    Code::Log,
    Code::Tanh,
    Code::Sigmoid,
    Code::Erf,
];

/// `result = code(a, b)`, each of them a register.
#[derive(Clone, Copy)]
pub struct Instruction {
    pub code: Code,
    pub result: usize,
    pub a: usize,
    pub b: usize,
}

/// Two instructions that are computed together, with the same bits.
#[derive(Clone, Copy)]
pub enum Both {
    /// `min(max(a, b), most)` of constants b and most, the latter in this register.
    Clip(usize),
    /// `a·sigmoid(a)`.
    Silu,
}

impl Instruction {
    /// From a word: code, result, a and b in its bytes, the lowest first.
    #[inline(always)]
    pub fn of(word: u32) -> Self {
        let [code, result, a, b] = word.to_le_bytes().map(usize::from);
        Self { code: CODES[code], result, a, b }
    }

    /// What this one and the next are together, where nothing else reads what is between them.
    pub fn with(self, next: Self) -> Option<Both> {
        if next.result != self.result {
            return None;
        }
        let constant = |register| (INPUTS..INPUTS + CONSTANTS).contains(&register);
        let [x, y] = [self.a, self.result];
        match (self.code, next.code) {
            _ if constant(x) => None,
            (Code::Max, Code::Min) if constant(self.b) && constant(next.b) && next.a == y => Some(Both::Clip(next.b)),
            (Code::Sigmoid, Code::Multiply) if x != y && ([next.a, next.b] == [x, y] || [next.a, next.b] == [y, x]) => {
                Some(Both::Silu)
            }
            _ => None,
        }
    }
}

/// A program: how many constants, how many instructions, these, the constants.
#[derive(Clone, Copy)]
pub struct Program {
    words: *const u32,
}

impl Program {
    /// # Safety
    /// `words` are a program, which lives as long as it is used.
    pub unsafe fn new(words: *const u32) -> Self {
        Self { words }
    }
    pub fn constants(&self) -> usize {
        // SAFETY: as for `new`.
        unsafe { *self.words as usize }
    }
    pub fn count(&self) -> usize {
        // SAFETY: as for `new`.
        unsafe { *self.words.add(1) as usize }
    }
    pub fn at(&self, index: usize) -> Instruction {
        // SAFETY: as for `new`; the index is below the length.
        Instruction::of(unsafe { *self.words.add(2 + index) })
    }
    /// Where a constant lies.
    pub fn constant(&self, index: usize) -> *const f32 {
        self.words.wrapping_add(2 + self.count() + index).cast()
    }
}
