//! A team of workers over one shared memory.
//!
//! The caller is worker 0. It publishes a plan under a new epoch; workers wake, claim chunks of the current step and
//! go on to the next one when all chunks are done, not when all workers have arrived. A worker that comes late finds
//! the chunks of its epoch taken, or a newer epoch, and leaves: it holds nobody up.

use core::sync::atomic::{AtomicU32, Ordering::SeqCst};

/// How often a worker looks for a new run before it sleeps: some tenths of a millisecond, as a program takes between two.
const SPIN: u32 = 1 << 17;
/// How often a worker looks whether a step is done before it sleeps: some milliseconds, where each worker has a core.
const MOST_PATIENCE: u32 = 1 << 21;
/// How often a worker looks whether a step is done before it sleeps, where the one that it waits for needs its core: microseconds.
const LEAST_PATIENCE: u32 = 1 << 12;

/// How often [`quiesce`] looks whether a worker has left: some hundredths of a second.
const QUIET_SPINS: u32 = 1 << 22;

/// A time for [`sleep`].
pub const FOREVER: i64 = -1;

/// Number of the current run, odd while none may be joined; workers sleep on it.
pub static EPOCH: AtomicU32 = AtomicU32::new(0);
/// Address of the current plan, 0 to stop the team.
static PLAN: AtomicU32 = AtomicU32::new(0);
/// How many workers (but the caller) take part in the current run.
static HELPERS: AtomicU32 = AtomicU32::new(0);
/// Workers that may be reading plan memory.
static INSIDE: AtomicU32 = AtomicU32::new(0);
/// Epoch of the last run that a kernel has ended early.
static STOPPED: AtomicU32 = AtomicU32::new(1);
/// Workers asleep on [`EPOCH`].
static SLEEPING: AtomicU32 = AtomicU32::new(0);
/// How often a worker looks whether a step is done before it sleeps.
static PATIENCE: AtomicU32 = AtomicU32::new(MOST_PATIENCE);
/// Scratch memory: worker `i` owns `SCRATCH_STRIDE` bytes at `SCRATCH + i · SCRATCH_STRIDE`.
static SCRATCH: AtomicU32 = AtomicU32::new(0);
static SCRATCH_STRIDE: AtomicU32 = AtomicU32::new(0);

/// Sets the scratch memory of all workers; only between runs, after [`quiesce`].
pub fn set_scratch(address: u32, stride: u32) {
    SCRATCH.store(address, SeqCst);
    SCRATCH_STRIDE.store(stride, SeqCst);
}

/// The scratch memory of one worker.
pub fn scratch(worker: u32) -> *mut f32 {
    (SCRATCH.load(SeqCst) + worker * SCRATCH_STRIDE.load(SeqCst)) as usize as *mut f32
}

/// How many workers take part in the current run.
pub fn workers() -> u32 {
    HELPERS.load(SeqCst).saturating_add(1)
}

/// How often to look whether a step is done before sleeping.
pub fn patience() -> u32 {
    PATIENCE.load(SeqCst)
}

/// Adapts [`patience`] after a wait of so many looks: who had to sleep has looked in vain, who was rewarded may look longer.
pub fn learn(looks: u32, patience: u32) {
    let next = match looks {
        0 => return,
        _ if looks > patience => LEAST_PATIENCE,
        _ => (2 * patience).min(MOST_PATIENCE),
    };
    if next != patience {
        PATIENCE.store(next, SeqCst);
    }
}

/// Opens a run for `helpers` workers beside the caller and returns its epoch.
pub fn open(plan: u32, helpers: u32) -> u32 {
    let closed = EPOCH.load(SeqCst) | 1;
    EPOCH.store(closed, SeqCst);
    PLAN.store(plan, SeqCst);
    HELPERS.store(helpers, SeqCst);
    let epoch = closed.wrapping_add(1);
    EPOCH.store(epoch, SeqCst);
    if helpers > 0 && SLEEPING.load(SeqCst) > 0 {
        notify(&EPOCH);
    }
    epoch
}

/// Ends what may be joined and waits until no worker reads plan memory any more, so that it may be overwritten or freed.
/// False when one still does after some time: it may have been ended there.
pub fn quiesce() -> bool {
    EPOCH.store(EPOCH.load(SeqCst) | 1, SeqCst);
    for _ in 0..QUIET_SPINS {
        if INSIDE.load(SeqCst) == 0 {
            return true;
        }
        core::hint::spin_loop();
    }
    false
}

/// Ends the run of this epoch after the current step.
pub fn stop(epoch: u32) {
    STOPPED.store(epoch, SeqCst);
}

/// Whether [`stop`] ended the run of this epoch.
pub fn stopped(epoch: u32) -> bool {
    STOPPED.load(SeqCst) == epoch
}

/// Whether no further step of this epoch may begin: its run was stopped, or another has been opened or announced.
pub fn over(epoch: u32) -> bool {
    stopped(epoch) || EPOCH.load(SeqCst) != epoch
}

/// The life of a worker: waits for runs until the team is stopped.
///
/// # Safety
/// Plans published by [`open`] stay valid until [`quiesce`] has returned true.
pub unsafe fn work(worker: u32, run: unsafe fn(plan: u32, epoch: u32, worker: u32)) {
    let mut seen = 0;
    loop {
        let epoch = wait_for_change(&EPOCH, seen, &SLEEPING);
        seen = epoch;
        if epoch & 1 == 1 {
            continue;
        }
        INSIDE.fetch_add(1, SeqCst);
        let (plan, helpers) = (PLAN.load(SeqCst), HELPERS.load(SeqCst));
        let current = EPOCH.load(SeqCst) == epoch;
        if current && plan != 0 && worker <= helpers {
            // SAFETY: INSIDE was raised before the epoch was found current, so quiesce waits for this worker.
            unsafe { run(plan, epoch, worker) };
        }
        INSIDE.fetch_sub(1, SeqCst);
        if current && plan == 0 {
            return;
        }
    }
}

/// Spins briefly, then sleeps, until the word differs from `old`; returns the new value.
pub fn wait_for_change(word: &AtomicU32, old: u32, sleeping: &AtomicU32) -> u32 {
    let mut spins = 0;
    loop {
        let now = word.load(SeqCst);
        if now != old {
            return now;
        }
        spins += 1;
        if spins < SPIN {
            core::hint::spin_loop();
        } else {
            sleeping.fetch_add(1, SeqCst);
            sleep(word, old, FOREVER);
            sleeping.fetch_sub(1, SeqCst);
        }
    }
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub fn notify(word: &AtomicU32) {
    // SAFETY: the address is that of a live atomic.
    unsafe { core::arch::wasm32::memory_atomic_notify(word.as_ptr().cast(), u32::MAX) };
}

#[cfg(all(target_arch = "wasm32", target_feature = "atomics"))]
pub fn sleep(word: &AtomicU32, old: u32, nanoseconds: i64) {
    // SAFETY: the address is that of a live atomic.
    unsafe { core::arch::wasm32::memory_atomic_wait32(word.as_ptr().cast(), old as i32, nanoseconds) };
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
pub fn notify(_: &AtomicU32) {}

#[cfg(not(all(target_arch = "wasm32", target_feature = "atomics")))]
pub fn sleep(_: &AtomicU32, _: u32, _: i64) {
    core::hint::spin_loop();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_with_a_wait_in_vain_and_doubles_with_each_that_was_not() {
        let after = |looks, patience| {
            PATIENCE.store(patience, SeqCst);
            learn(looks, patience);
            super::patience()
        };
        assert_eq!(after(0, 10_000), 10_000);
        assert_eq!(after(10_001, 10_000), LEAST_PATIENCE);
        assert_eq!(after(10_000, 10_000), 20_000);
        assert_eq!(after(1, MOST_PATIENCE - 1), MOST_PATIENCE);
        assert_eq!(after(1, MOST_PATIENCE), MOST_PATIENCE);
    }
}
