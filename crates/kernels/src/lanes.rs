//! Vectors of f32, so that a kernel is written once for every instruction set and width.
//!
//! [`Vector`] is the vector of this build. [`F32x4`] has relaxed multiply-add where the build has it, separate multiply and add
//! otherwise; on the host it is a plain array, for tests. Wide builds take a [`Pair`] of them: the neighbours of which an engine may
//! make one instruction of 256 bits. Lanes never meet, so that the bits of a result do not depend on the width.

use core::ops::Range;

/// Some f32 lanes. `madd` may or may not round in between: that is the only freedom between implementations.
pub trait Lanes: Copy {
    /// How many floats `load` and `store` move.
    const WIDTH: usize;
    /// The vector for what is left of a row after those of this width: one of four lanes, if this is wider.
    type Rest: Lanes;
    /// # Safety
    /// `WIDTH` readable floats at `p`; no alignment is needed.
    unsafe fn load(p: *const f32) -> Self;
    /// # Safety
    /// One readable float at `p`.
    unsafe fn load_splat(p: *const f32) -> Self;
    /// # Safety
    /// `WIDTH` readable floats, `step` floats apart from each other.
    unsafe fn load_apart(p: *const f32, step: usize) -> Self;
    /// # Safety
    /// `WIDTH` writable floats at `p`; no alignment is needed.
    unsafe fn store(self, p: *mut f32);
    /// As [`load`](Self::load), but compilers keep its place among loads and stores in order: an engine makes one store of two
    /// neighbours only if nothing is read between them.
    ///
    /// # Safety
    /// As for [`load`](Self::load).
    #[inline(always)]
    unsafe fn load_in_order(p: *const f32) -> Self {
        // SAFETY: as above.
        unsafe { Self::load(p) }
    }
    /// As [`store`](Self::store), in the same order.
    ///
    /// # Safety
    /// As for [`store`](Self::store).
    #[inline(always)]
    unsafe fn store_in_order(self, p: *mut f32) {
        // SAFETY: as above.
        unsafe { self.store(p) }
    }
    fn splat(x: f32) -> Self;
    fn zero() -> Self {
        Self::splat(0.0)
    }
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    /// `self + a·b`.
    fn madd(self, a: Self, b: Self) -> Self;
    /// `self - a·b`.
    fn nmadd(self, a: Self, b: Self) -> Self;
    /// `other > self ? other : self`: a NaN in `self` stays, a NaN in `other` is dropped.
    fn max(self, other: Self) -> Self;
    /// `other < self ? other : self`: a NaN in `self` stays, a NaN in `other` is dropped.
    fn min(self, other: Self) -> Self;
    fn abs(self) -> Self;
    /// `yes` where `self < other`, else `no`.
    fn select_if_less(self, other: Self, yes: Self, no: Self) -> Self;
    /// 2ⁿ, where self is `n + 1.5·2²³` for a whole n of -126 to 127.
    fn power_of_two(self) -> Self;
    /// +0 where `self < least`, else `self`: a NaN stays. With a least of 0 this is ReLU, with -∞ nothing.
    fn zero_below(self, least: Self) -> Self;
    /// `self` where `test > 0`, else +0.
    fn keep_where_positive(self, test: Self) -> Self;
    /// `self` where the bits of `a` and `b` agree, else +0; with [`Lanes::of_bits`] this compares integers.
    fn keep_where_same(self, a: Self, b: Self) -> Self;
    /// `self` where `a` and `b` are equal as numbers, else +0: a NaN equals nothing.
    fn keep_where_equal(self, a: Self, b: Self) -> Self;
    /// `(candidate, index)` where candidate is greater than `best.0` or NaN, else `best`.
    fn replace_if_greater(best: (Self, Self), candidate: Self, index: Self) -> (Self, Self);
    /// The same 32 bits in each lane.
    fn of_bits(bits: u32) -> Self {
        Self::splat(f32::from_bits(bits))
    }
}

/// The vector of this build.
#[cfg(not(feature = "wide"))]
pub type Vector = F32x4;
#[cfg(feature = "wide")]
pub type Vector = Pair<F32x4>;

/// Cuts a range into whole vectors of `L` and what is left for those of [`Lanes::Rest`].
#[inline(always)]
pub fn split<L: Lanes>(range: Range<usize>) -> [Range<usize>; 2] {
    let middle = range.end - range.len() % L::WIDTH;
    [range.start..middle, middle..range.end]
}

/// Two neighbouring vectors.
#[derive(Clone, Copy, Debug)]
pub struct Pair<L>(L, L);

impl<L: Lanes> Pair<L> {
    #[inline(always)]
    fn each(self, f: impl Fn(L) -> L) -> Self {
        Self(f(self.0), f(self.1))
    }
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(L, L) -> L) -> Self {
        Self(f(self.0, other.0), f(self.1, other.1))
    }
    #[inline(always)]
    fn zip3(self, a: Self, b: Self, f: impl Fn(L, L, L) -> L) -> Self {
        Self(f(self.0, a.0, b.0), f(self.1, a.1, b.1))
    }
}

impl<L: Lanes> Lanes for Pair<L> {
    const WIDTH: usize = 2 * L::WIDTH;
    type Rest = L;
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for both halves.
        unsafe { Self(L::load_in_order(p), L::load_in_order(p.add(L::WIDTH))) }
    }
    #[inline(always)]
    unsafe fn load_splat(p: *const f32) -> Self {
        // SAFETY: the caller vouches for one float.
        let value = unsafe { L::load_splat(p) };
        Self(value, value)
    }
    #[inline(always)]
    unsafe fn load_apart(p: *const f32, step: usize) -> Self {
        // SAFETY: the caller vouches for both halves.
        unsafe { Self(L::load_apart(p, step), L::load_apart(p.add(L::WIDTH * step), step)) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller vouches for both halves.
        unsafe {
            // The upper half first: where that is out of bounds, the lower one must be written still if it came first, and V8 keeps it.
            self.1.store_in_order(p.add(L::WIDTH));
            self.0.store_in_order(p);
        }
    }
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(L::splat(x), L::splat(x))
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, L::add)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, L::sub)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, L::mul)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, L::div)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.each(L::sqrt)
    }
    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        self.zip3(a, b, L::madd)
    }
    #[inline(always)]
    fn nmadd(self, a: Self, b: Self) -> Self {
        self.zip3(a, b, L::nmadd)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, L::max)
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, L::min)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.each(L::abs)
    }
    #[inline(always)]
    fn select_if_less(self, other: Self, yes: Self, no: Self) -> Self {
        let low = self.0.select_if_less(other.0, yes.0, no.0);
        Self(low, self.1.select_if_less(other.1, yes.1, no.1))
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        self.each(L::power_of_two)
    }
    #[inline(always)]
    fn zero_below(self, least: Self) -> Self {
        self.zip(least, L::zero_below)
    }
    #[inline(always)]
    fn keep_where_positive(self, test: Self) -> Self {
        self.zip(test, L::keep_where_positive)
    }
    #[inline(always)]
    fn keep_where_same(self, a: Self, b: Self) -> Self {
        self.zip3(a, b, L::keep_where_same)
    }
    #[inline(always)]
    fn keep_where_equal(self, a: Self, b: Self) -> Self {
        self.zip3(a, b, L::keep_where_equal)
    }
    #[inline(always)]
    fn replace_if_greater(best: (Self, Self), candidate: Self, index: Self) -> (Self, Self) {
        let low = L::replace_if_greater((best.0.0, best.1.0), candidate.0, index.0);
        let high = L::replace_if_greater((best.0.1, best.1.1), candidate.1, index.1);
        (Self(low.0, high.0), Self(low.1, high.1))
    }
    #[inline(always)]
    fn of_bits(bits: u32) -> Self {
        Self(L::of_bits(bits), L::of_bits(bits))
    }
}

/// Plain arrays: the vector of the host build.
#[derive(Clone, Copy, Debug)]
pub struct Portable([f32; 4]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        Self(core::array::from_fn(|i| f(self.0[i], other.0[i])))
    }
}

impl Lanes for Portable {
    const WIDTH: usize = 4;
    type Rest = Self;
    #[inline(always)]
    unsafe fn load_apart(p: *const f32, step: usize) -> Self {
        // SAFETY: the caller vouches for four floats.
        Self(core::array::from_fn(|i| unsafe { *p.add(i * step) }))
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for four floats; arrays of f32 are read unaligned.
        Self(unsafe { p.cast::<[f32; 4]>().read_unaligned() })
    }
    #[inline(always)]
    unsafe fn load_splat(p: *const f32) -> Self {
        // SAFETY: the caller vouches for one float.
        Self::splat(unsafe { p.read() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller vouches for four floats.
        unsafe { p.cast::<[f32; 4]>().write_unaligned(self.0) }
    }
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self([x; 4])
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.zip(other, |a, b| a / b)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(self.0.map(libm::sqrtf))
    }
    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        self.add(a.mul(b))
    }
    #[inline(always)]
    fn nmadd(self, a: Self, b: Self) -> Self {
        self.sub(a.mul(b))
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if b > a { b } else { a })
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        self.zip(other, |a, b| if b < a { b } else { a })
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(self.0.map(f32::abs))
    }
    #[inline(always)]
    fn select_if_less(self, other: Self, yes: Self, no: Self) -> Self {
        Self(core::array::from_fn(|i| if self.0[i] < other.0[i] { yes.0[i] } else { no.0[i] }))
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(self.0.map(power_of_two))
    }
    #[inline(always)]
    fn zero_below(self, least: Self) -> Self {
        self.zip(least, |a, least| if a < least { 0.0 } else { a })
    }
    #[inline(always)]
    fn keep_where_positive(self, test: Self) -> Self {
        self.zip(test, |a, t| if t > 0.0 { a } else { 0.0 })
    }
    #[inline(always)]
    fn keep_where_same(self, a: Self, b: Self) -> Self {
        Self(core::array::from_fn(|i| if a.0[i].to_bits() == b.0[i].to_bits() { self.0[i] } else { 0.0 }))
    }
    #[inline(always)]
    fn keep_where_equal(self, a: Self, b: Self) -> Self {
        Self(core::array::from_fn(|i| if a.0[i] == b.0[i] { self.0[i] } else { 0.0 }))
    }
    #[inline(always)]
    fn replace_if_greater(best: (Self, Self), candidate: Self, index: Self) -> (Self, Self) {
        let mut result = best;
        for i in 0..4 {
            if candidate.0[i] > best.0.0[i] || candidate.0[i].is_nan() {
                (result.0.0[i], result.1.0[i]) = (candidate.0[i], index.0[i]);
            }
        }
        result
    }
}

impl Portable {
    pub fn to_array(self) -> [f32; 4] {
        self.0
    }
}

/// As [`Lanes::power_of_two`]: the low bits of the sum are n.
#[inline(always)]
fn power_of_two(sum: f32) -> f32 {
    f32::from_bits((sum.to_bits() << 23).wrapping_add(127 << 23))
}

/// One float with the face of a vector: the tail of a row.
#[derive(Clone, Copy, Debug)]
pub struct Scalar(f32);

impl Scalar {
    #[inline(always)]
    pub fn value(self) -> f32 {
        self.0
    }
}

impl Lanes for Scalar {
    const WIDTH: usize = 1;
    type Rest = Self;
    #[inline(always)]
    unsafe fn load_apart(p: *const f32, _: usize) -> Self {
        // SAFETY: the caller vouches for one float.
        Self(unsafe { p.read() })
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> Self {
        // SAFETY: the caller vouches for one float.
        Self(unsafe { p.read() })
    }
    #[inline(always)]
    unsafe fn load_splat(p: *const f32) -> Self {
        // SAFETY: the caller vouches for one float.
        Self(unsafe { p.read() })
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut f32) {
        // SAFETY: the caller vouches for one float.
        unsafe { p.write(self.0) }
    }
    #[inline(always)]
    fn splat(x: f32) -> Self {
        Self(x)
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self(self.0 * other.0)
    }
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self(self.0 / other.0)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self(libm::sqrtf(self.0))
    }
    #[inline(always)]
    fn madd(self, a: Self, b: Self) -> Self {
        Self(self.0 + a.0 * b.0)
    }
    #[inline(always)]
    fn nmadd(self, a: Self, b: Self) -> Self {
        Self(self.0 - a.0 * b.0)
    }
    #[inline(always)]
    fn max(self, other: Self) -> Self {
        if other.0 > self.0 { other } else { self }
    }
    #[inline(always)]
    fn min(self, other: Self) -> Self {
        if other.0 < self.0 { other } else { self }
    }
    #[inline(always)]
    fn abs(self) -> Self {
        Self(f32::from_bits(self.0.to_bits() & 0x7fff_ffff))
    }
    #[inline(always)]
    fn select_if_less(self, other: Self, yes: Self, no: Self) -> Self {
        if self.0 < other.0 { yes } else { no }
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        Self(power_of_two(self.0))
    }
    #[inline(always)]
    fn zero_below(self, least: Self) -> Self {
        if self.0 < least.0 { Self(0.0) } else { self }
    }
    #[inline(always)]
    fn keep_where_positive(self, test: Self) -> Self {
        if test.0 > 0.0 { self } else { Self(0.0) }
    }
    #[inline(always)]
    fn keep_where_same(self, a: Self, b: Self) -> Self {
        if a.0.to_bits() == b.0.to_bits() { self } else { Self(0.0) }
    }
    #[inline(always)]
    fn keep_where_equal(self, a: Self, b: Self) -> Self {
        if a.0 == b.0 { self } else { Self(0.0) }
    }
    #[inline(always)]
    fn replace_if_greater(best: (Self, Self), candidate: Self, index: Self) -> (Self, Self) {
        if candidate.0 > best.0.0 || candidate.0.is_nan() { (candidate, index) } else { best }
    }
}

#[cfg(not(target_arch = "wasm32"))]
pub type F32x4 = Portable;

#[cfg(target_arch = "wasm32")]
pub use wasm::F32x4;

#[cfg(target_arch = "wasm32")]
mod wasm {
    use super::Lanes;
    use core::arch::wasm32::*;

    /// A `v128`; `madd` is one relaxed instruction in the relaxed builds, two roundings otherwise.
    #[derive(Clone, Copy)]
    pub struct F32x4(v128);

    /// `x` in the lanes whose mask is set, else zero. Engines pair operations only if their operands stand in the same order, which
    /// compilers change for `and`, so wide builds select.
    #[inline(always)]
    fn keep(x: v128, mask: v128) -> v128 {
        #[cfg(not(feature = "wide"))]
        return v128_and(x, mask);
        #[cfg(all(feature = "wide", target_feature = "relaxed-simd"))]
        return i32x4_relaxed_laneselect(x, f32x4_splat(0.0), mask);
        #[cfg(all(feature = "wide", not(target_feature = "relaxed-simd")))]
        v128_bitselect(x, f32x4_splat(0.0), mask)
    }

    /// `yes` in the lanes whose mask is set, else `no`. With relaxed SIMD LLVM 22 makes relaxed_max of pmax, and of what it takes for pmax,
    /// and engines may give either operand for a NaN then; this instruction it leaves alone.
    #[cfg(target_feature = "relaxed-simd")]
    #[inline(always)]
    fn select(mask: v128, yes: v128, no: v128) -> v128 {
        i32x4_relaxed_laneselect(yes, no, mask)
    }

    impl Lanes for F32x4 {
        const WIDTH: usize = 4;
        type Rest = Self;
        #[inline(always)]
        unsafe fn load_apart(p: *const f32, step: usize) -> Self {
            // SAFETY: the caller vouches for four floats.
            unsafe { Self(f32x4(*p, *p.add(step), *p.add(2 * step), *p.add(3 * step))) }
        }
        #[inline(always)]
        unsafe fn load(p: *const f32) -> Self {
            // SAFETY: the caller vouches for four floats; v128 loads need no alignment.
            Self(unsafe { v128_load(p.cast()) })
        }
        #[inline(always)]
        unsafe fn load_splat(p: *const f32) -> Self {
            // SAFETY: the caller vouches for one float.
            Self(unsafe { v128_load32_splat(p.cast()) })
        }
        #[inline(always)]
        unsafe fn store(self, p: *mut f32) {
            // SAFETY: the caller vouches for four floats; v128 stores need no alignment.
            unsafe { v128_store(p.cast(), self.0) }
        }
        #[cfg(feature = "wide")]
        #[inline(always)]
        unsafe fn load_in_order(p: *const f32) -> Self {
            // SAFETY: the caller vouches for four floats.
            Self(unsafe { core::intrinsics::unaligned_volatile_load(p.cast()) })
        }
        #[cfg(feature = "wide")]
        #[inline(always)]
        unsafe fn store_in_order(self, p: *mut f32) {
            // SAFETY: the caller vouches for four floats.
            unsafe { core::intrinsics::unaligned_volatile_store(p.cast(), self.0) }
        }
        #[inline(always)]
        fn splat(x: f32) -> Self {
            Self(f32x4_splat(x))
        }
        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(f32x4_add(self.0, other.0))
        }
        #[inline(always)]
        fn sub(self, other: Self) -> Self {
            Self(f32x4_sub(self.0, other.0))
        }
        #[inline(always)]
        fn mul(self, other: Self) -> Self {
            Self(f32x4_mul(self.0, other.0))
        }
        #[inline(always)]
        fn div(self, other: Self) -> Self {
            Self(f32x4_div(self.0, other.0))
        }
        #[inline(always)]
        fn sqrt(self) -> Self {
            Self(f32x4_sqrt(self.0))
        }
        #[inline(always)]
        fn madd(self, a: Self, b: Self) -> Self {
            #[cfg(target_feature = "relaxed-simd")]
            return Self(f32x4_relaxed_madd(a.0, b.0, self.0));
            #[cfg(not(target_feature = "relaxed-simd"))]
            self.add(a.mul(b))
        }
        #[inline(always)]
        fn nmadd(self, a: Self, b: Self) -> Self {
            #[cfg(target_feature = "relaxed-simd")]
            return Self(f32x4_relaxed_nmadd(a.0, b.0, self.0));
            #[cfg(not(target_feature = "relaxed-simd"))]
            self.sub(a.mul(b))
        }
        #[inline(always)]
        fn max(self, other: Self) -> Self {
            #[cfg(target_feature = "relaxed-simd")]
            return Self(select(f32x4_gt(other.0, self.0), other.0, self.0));
            #[cfg(not(target_feature = "relaxed-simd"))]
            Self(f32x4_pmax(self.0, other.0))
        }
        #[inline(always)]
        fn min(self, other: Self) -> Self {
            #[cfg(target_feature = "relaxed-simd")]
            return Self(select(f32x4_lt(other.0, self.0), other.0, self.0));
            #[cfg(not(target_feature = "relaxed-simd"))]
            Self(f32x4_pmin(self.0, other.0))
        }
        #[inline(always)]
        fn abs(self) -> Self {
            Self(f32x4_abs(self.0))
        }
        #[inline(always)]
        fn select_if_less(self, other: Self, yes: Self, no: Self) -> Self {
            Self(v128_bitselect(yes.0, no.0, f32x4_lt(self.0, other.0)))
        }
        #[inline(always)]
        fn power_of_two(self) -> Self {
            Self(i32x4_add(i32x4_shl(self.0, 23), i32x4_splat(127 << 23)))
        }
        #[inline(always)]
        fn zero_below(self, least: Self) -> Self {
            Self(v128_andnot(self.0, f32x4_lt(self.0, least.0)))
        }
        #[inline(always)]
        fn keep_where_positive(self, test: Self) -> Self {
            Self(keep(self.0, f32x4_gt(test.0, f32x4_splat(0.0))))
        }
        #[inline(always)]
        fn keep_where_same(self, a: Self, b: Self) -> Self {
            Self(keep(self.0, i32x4_eq(a.0, b.0)))
        }
        #[inline(always)]
        fn keep_where_equal(self, a: Self, b: Self) -> Self {
            Self(keep(self.0, f32x4_eq(a.0, b.0)))
        }
        #[inline(always)]
        fn replace_if_greater(best: (Self, Self), candidate: Self, index: Self) -> (Self, Self) {
            let replace = v128_or(f32x4_gt(candidate.0, best.0.0), f32x4_ne(candidate.0, candidate.0));
            let choose = |old: Self, new: Self| Self(v128_bitselect(new.0, old.0, replace));
            (choose(best.0, candidate), choose(best.1, index))
        }
        #[inline(always)]
        fn of_bits(bits: u32) -> Self {
            Self(u32x4_splat(bits))
        }
    }

    impl F32x4 {
        #[inline(always)]
        pub fn to_array(self) -> [f32; 4] {
            [
                f32x4_extract_lane::<0>(self.0),
                f32x4_extract_lane::<1>(self.0),
                f32x4_extract_lane::<2>(self.0),
                f32x4_extract_lane::<3>(self.0),
            ]
        }
    }
}
