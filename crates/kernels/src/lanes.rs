//! Vectors of four f32, so that a kernel is written once for every instruction set.
//!
//! [`F32x4`] is the vector of this build: relaxed multiply-add where the build has it, separate multiply and add
//! otherwise. On the host it is a plain array, for tests.

/// Four f32 lanes. `madd` may or may not round in between: that is the only freedom between implementations.
pub trait Lanes: Copy {
    /// # Safety
    /// Four readable floats at `p`; no alignment is needed.
    unsafe fn load(p: *const f32) -> Self;
    /// # Safety
    /// One readable float at `p`.
    unsafe fn load_splat(p: *const f32) -> Self;
    /// # Safety
    /// Four writable floats at `p`; no alignment is needed.
    unsafe fn store(self, p: *mut f32);
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
    /// `self` where `test > 0`, else +0.
    fn keep_where_positive(self, test: Self) -> Self;
    fn to_array(self) -> [f32; 4];
    /// Sum of the lanes as `(l0 + l2) + (l1 + l3)`.
    fn sum(self) -> f32 {
        let [a, b, c, d] = self.to_array();
        (a + c) + (b + d)
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
    fn keep_where_positive(self, test: Self) -> Self {
        self.zip(test, |a, t| if t > 0.0 { a } else { 0.0 })
    }
    #[inline(always)]
    fn to_array(self) -> [f32; 4] {
        self.0
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

    impl Lanes for F32x4 {
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
            Self(f32x4_pmax(self.0, other.0))
        }
        #[inline(always)]
        fn keep_where_positive(self, test: Self) -> Self {
            Self(v128_and(self.0, f32x4_gt(test.0, f32x4_splat(0.0))))
        }
        #[inline(always)]
        fn to_array(self) -> [f32; 4] {
            [
                f32x4_extract_lane::<0>(self.0),
                f32x4_extract_lane::<1>(self.0),
                f32x4_extract_lane::<2>(self.0),
                f32x4_extract_lane::<3>(self.0),
            ]
        }
    }
}
