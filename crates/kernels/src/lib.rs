//! Kernels of residua: loops over f32 tensors in NHWC, driven by a flat list of steps.
//!
//! The crate decides nothing: shapes, buffers, chunk counts and the choice of a variant come from TypeScript
//! as one record per step (see [`plan`]). Kernels do not allocate, log or fail.
#![cfg_attr(target_arch = "wasm32", no_std)]
#![cfg_attr(all(target_arch = "wasm32", feature = "wide"), feature(core_intrinsics))]
#![cfg_attr(all(target_arch = "wasm32", feature = "wide"), allow(internal_features))]
#![cfg_attr(all(target_arch = "wasm32", target_feature = "atomics"), feature(stdarch_wasm_atomic_wait))]

#[cfg(all(target_arch = "wasm32", feature = "engine"))]
extern crate alloc;

#[macro_use]
pub mod abi;
pub mod adamw_update;
pub mod adaptive_avg_pool2d;
pub mod add;
pub mod avg_pool2d;
pub mod batch_norm;
pub mod ceiling;
pub mod conv2d;
pub mod copy;
pub mod copy_nd;
pub mod count_correct;
pub mod depthwise;
pub mod dropout;
pub mod elementary;
pub mod fold;
pub mod gemm;
pub mod group_norm;
pub mod guard;
pub mod increment;
pub mod lanes;
pub mod layer_norm;
pub mod local_response_norm;
pub mod loops;
pub mod map;
pub mod matmul;
pub mod max_pool2d;
pub mod multiply;
pub mod pixels;
pub mod plan;
pub mod random;
pub mod reduce;
pub mod relu;
pub mod resample;
pub mod sgd_update;
pub mod sigmoid;
pub mod softmax;
pub mod softmax_axis;
pub mod softmax_cross_entropy;
pub mod subsample_pad;
pub mod sum_pixels;
pub mod table;
pub mod team;
pub mod window;

#[cfg(all(target_arch = "wasm32", feature = "engine"))]
mod exports;
#[cfg(target_arch = "wasm32")]
mod listing;
#[cfg(target_arch = "wasm32")]
mod panic;
#[cfg(all(target_arch = "wasm32", feature = "engine"))]
mod runtime;
#[cfg(test)]
pub mod testing;
