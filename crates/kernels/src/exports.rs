//! What the engine's module shows to TypeScript beside its [kernels](crate::listing). Addresses and lengths are bytes, all numbers plain words.

use crate::gemm::tiles;
use crate::{plan, team};
use wasm_bindgen::prelude::wasm_bindgen;

unsafe extern "C" {
    static __heap_base: u8;
}

#[wasm_bindgen]
pub fn plan_version() -> u32 {
    plan::VERSION
}

/// First address that neither statics nor the main stack use.
#[wasm_bindgen]
pub fn heap_base() -> u32 {
    &raw const __heap_base as u32
}

/// Where the stack of the calling thread begins, but for the few bytes of this call.
#[wasm_bindgen]
pub fn stack_top() -> u32 {
    let here = 0_u8;
    core::hint::black_box(&raw const here) as u32
}

#[wasm_bindgen]
pub fn set_scratch(address: u32, stride: u32) {
    team::set_scratch(address, stride);
}

/// Whether this engine's registers hold tiles of six rows.
#[wasm_bindgen]
pub fn set_high_tiles(high: bool) {
    tiles::set_high(high);
}

/// 0 when a kernel ended the run early (see the guard kernel), 1 when it is done, 2 when it waits for another worker.
#[wasm_bindgen]
pub fn run_plan(address: u32, helpers: u32) -> u32 {
    // SAFETY: TypeScript has written a plan there and keeps it until quiesce.
    unsafe { plan::run(address, helpers) as u32 }
}

/// Goes on where [`run_plan`] of this plan has given 2.
#[wasm_bindgen]
pub fn resume_plan(address: u32) -> u32 {
    // SAFETY: as for `run_plan`.
    unsafe { plan::resume(address) as u32 }
}

/// Chunks of the plan's latest run that are done.
#[wasm_bindgen]
pub fn chunks_done(address: u32) -> u32 {
    // SAFETY: as for `run_plan`.
    unsafe { plan::chunks_done(address) }
}

/// Never returns before the team is stopped by `run_plan`'s counterpart [`stop_team`].
#[wasm_bindgen]
pub fn work(worker: u32) {
    // SAFETY: plans stay valid until quiesce.
    unsafe { team::work(worker, plan::run_steps) }
}

/// False when a worker still reads plan memory after some time; to be asked again.
#[wasm_bindgen]
pub fn quiesce() -> bool {
    team::quiesce()
}

#[wasm_bindgen]
pub fn stop_team() {
    team::open(0, u32::MAX);
}

/// Index of the first float that is not finite, or `len`.
#[wasm_bindgen]
pub fn first_non_finite(address: u32, len: u32) -> u32 {
    // SAFETY: TypeScript passes a live buffer of `len` floats.
    let values = unsafe { core::slice::from_raw_parts(address as usize as *const f32, len as usize) };
    values.iter().position(|x| !x.is_finite()).unwrap_or(len as usize) as u32
}

#[wasm_bindgen]
pub fn math_exp(x: f64) -> f64 {
    libm::exp(x)
}

#[wasm_bindgen]
pub fn math_log(x: f64) -> f64 {
    libm::log(x)
}

#[wasm_bindgen]
pub fn math_cos(x: f64) -> f64 {
    libm::cos(x)
}

#[wasm_bindgen]
pub fn math_sin(x: f64) -> f64 {
    libm::sin(x)
}

#[wasm_bindgen]
pub fn math_pow(x: f64, y: f64) -> f64 {
    libm::pow(x, y)
}
