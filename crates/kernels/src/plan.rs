//! A plan: a flat list of steps in memory, written by TypeScript and run by a team of workers.
//!
//! Words of 32 bits, steps aligned to 64 bytes:
//! ```text
//! plan   0 VERSION · 1 number of steps · 2 address of the first step · 3.. unused up to 64 bytes
//! step   0 entry of the kernel · 1 chunks · 2 address of the next step · 3 waiters
//!        4,5 claim (epoch in the upper half; chunks taken from the end, from the start: 16 bits each)
//!        6,7 done (epoch, chunks done) · 8 how many steps from the first on must be done before this one begins
//!        9 entry of what follows the step region by region, or 0 · 10 address of its arguments
//!        16.. arguments of the kernel, from the next 64 bytes on those of what follows, then the tables that they point at
//! ```

use crate::abi::{Entry, Task};
use crate::team;
use core::ops::Range;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering::SeqCst};

/// Version of this format; TypeScript refuses to write for another.
pub const VERSION: u32 = 3;

/// How long a worker sleeps at most before it looks again whether a step is done.
const NAP_NANOSECONDS: i64 = 1_000_000;
/// How often worker 0 sleeps before it asks its caller whether the others still live.
const NAPS: u32 = 200;

/// Header of a step, 64 bytes, followed by its arguments.
#[repr(C, align(64))]
pub struct Step {
    entry: u32,
    chunks: u32,
    next: u32,
    waiters: AtomicU32,
    claim: AtomicU64,
    done: AtomicU64,
    needs: u32,
    then: u32,
    then_words: u32,
}

/// A run as one worker sees it.
struct Run {
    epoch: u32,
    worker: u32,
    workers: u32,
    scratch: *mut f32,
}

/// How far a run has come; TypeScript knows these numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// A kernel has ended it early.
    Stopped = 0,
    Finished = 1,
    /// Another worker holds chunks that have not been done for a long time: [`resume`] waits on.
    Waiting = 2,
}

/// Runs all steps as worker 0 with `helpers` other workers, and returns when the last step is done, a kernel has ended
/// the run early, or others let it wait too long.
///
/// # Safety
/// `plan` is the address of a plan whose kernels' arguments are valid.
pub unsafe fn run(plan: u32, helpers: u32) -> Outcome {
    let epoch = team::open(plan, helpers);
    // SAFETY: as above.
    unsafe { lead(plan, epoch) }
}

/// Goes on with the run that is open, after [`Outcome::Waiting`].
///
/// # Safety
/// As for [`run`]; the plan is the one that was run last.
pub unsafe fn resume(plan: u32) -> Outcome {
    // SAFETY: as above.
    unsafe { lead(plan, team::EPOCH.load(SeqCst)) }
}

unsafe fn lead(plan: u32, epoch: u32) -> Outcome {
    // SAFETY: the caller vouches for the plan.
    match unsafe { take_part(plan, epoch, 0) } {
        Seen::Late => Outcome::Waiting,
        _ if team::stopped(epoch) => Outcome::Stopped,
        _ => Outcome::Finished,
    }
}

/// Takes part in a run as another worker than 0, until its chunks are taken or it belongs to the past.
///
/// # Safety
/// As for [`run`]; the plan stays in memory until the team is quiet.
pub unsafe fn run_steps(plan: u32, epoch: u32, worker: u32) {
    // SAFETY: as above.
    unsafe { take_part(plan, epoch, worker) };
}

/// How many chunks of the latest run are done: a number that stands still when the workers do.
///
/// # Safety
/// As for [`run`].
pub unsafe fn chunks_done(plan: u32) -> u32 {
    let epoch = team::EPOCH.load(SeqCst);
    // SAFETY: the caller vouches for the plan, whose words lead from step to step.
    unsafe {
        let header = plan as usize as *const u32;
        let (count, mut address) = (header.add(1).read(), header.add(2).read());
        let mut chunks = 0;
        for _ in 0..count {
            let step = &*(address as usize as *const Step);
            let done = step.done.load(SeqCst);
            if (done >> 32) as u32 == epoch {
                chunks += done as u32;
            }
            address = step.next;
        }
        chunks
    }
}

/// What waiting for steps has come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Seen {
    Done,
    /// The run belongs to the past.
    Over,
    /// Worker 0 has waited for too long.
    Late,
}

/// Claims chunks of each step in turn, as soon as the steps that it needs are done.
///
/// # Safety
/// As for [`run`]; the plan stays in memory until the team is quiet.
unsafe fn take_part(plan: u32, epoch: u32, worker: u32) -> Seen {
    // SAFETY: the caller vouches for the plan, whose words lead from step to step.
    unsafe {
        let header = plan as usize as *const u32;
        let (count, first) = (header.add(1).read(), header.add(2).read());
        let run = Run { epoch, worker, workers: team::workers(), scratch: team::scratch(worker) };
        let mut done = Done { steps: 0, next: first };
        let mut address = first;
        for _ in 0..count {
            let step = &*(address as usize as *const Step);
            match done.reach(step.needs, &run) {
                Seen::Done if !team::over(epoch) && run_step(step, &run) => address = step.next,
                Seen::Late => return Seen::Late,
                _ => return Seen::Over,
            }
        }
        // Whoever began the run ends it.
        if worker == 0 { done.reach(count, &run) } else { Seen::Done }
    }
}

/// The steps from the first on that a worker has seen done.
struct Done {
    steps: u32,
    next: u32,
}

impl Done {
    /// Waits until so many are.
    ///
    /// # Safety
    /// As for [`run_steps`].
    unsafe fn reach(&mut self, steps: u32, run: &Run) -> Seen {
        while self.steps < steps {
            // SAFETY: the plan has more steps than are done.
            let step = unsafe { &*(self.next as usize as *const Step) };
            let seen = wait(step, run);
            if seen != Seen::Done {
                return seen;
            }
            self.steps += 1;
            self.next = step.next;
        }
        Seen::Done
    }
}

/// Works on chunks until all are taken; false when the run belongs to the past.
///
/// # Safety
/// As for [`run`].
unsafe fn run_step(step: &Step, run: &Run) -> bool {
    let chunks = step.chunks;
    // SAFETY: entry is the table index of a kernel, put there by TypeScript as `kernel_entry` gave it.
    let kernel: Entry = unsafe { core::mem::transmute(step.entry as usize) };
    // SAFETY: so is that of what follows; no kernel has the index 0.
    let then: Option<Entry> = unsafe { core::mem::transmute(step.then as usize) };
    // SAFETY: the arguments follow the header.
    let words = unsafe { (step as *const Step).add(1).cast::<u32>() };
    loop {
        match claim(&step.claim, run, chunks) {
            Claim::Chunks(taken) => {
                let count = taken.len() as u32;
                for chunk in taken {
                    let then_words = step.then_words as usize as *const u32;
                    let task = Task { chunk, chunks, then, then_words, ..Task::whole(run.scratch) };
                    // SAFETY: the caller vouches for the arguments.
                    unsafe { kernel(words, &task) };
                }
                if finish(&step.done, run.epoch, count) == chunks && step.waiters.load(SeqCst) > 0 {
                    team::notify(low_half(&step.done));
                }
            }
            Claim::Taken => return true,
            Claim::Stale => return false,
        }
    }
}

enum Claim {
    Chunks(Range<u32>),
    Taken,
    Stale,
}

/// Takes some chunks of this epoch; the first claim of an epoch starts the count anew. Every other worker takes from the
/// end, so that the same data stays in the same core's cache from step to step; and each takes three quarters of its
/// share of what is left at a time, as every claim fetches the word from another core.
fn claim(word: &AtomicU64, run: &Run, chunks: u32) -> Claim {
    let mut now = word.load(SeqCst);
    loop {
        let (from_end, from_start) = match run.epoch.wrapping_sub((now >> 32) as u32) as i32 {
            0 => (now as u32 >> 16, now as u32 & 0xffff),
            1.. => (0, 0),
            _ => return Claim::Stale,
        };
        let left = chunks - from_end - from_start;
        if left == 0 {
            return Claim::Taken;
        }
        let count = if run.workers == 1 { left } else { (3 * left / (4 * run.workers)).max(1) };
        let (start, counts) = if run.worker & 1 == 0 {
            (from_start, from_end << 16 | (from_start + count))
        } else {
            (chunks - from_end - count, (from_end + count) << 16 | from_start)
        };
        match word.compare_exchange(now, (run.epoch as u64) << 32 | counts as u64, SeqCst, SeqCst) {
            Ok(_) => return Claim::Chunks(start..start + count),
            Err(other) => now = other,
        }
    }
}

/// Counts finished chunks and returns how many are.
fn finish(word: &AtomicU64, epoch: u32, count: u32) -> u32 {
    let mut now = word.load(SeqCst);
    loop {
        let done = if (now >> 32) as u32 == epoch { now as u32 } else { 0 } + count;
        match word.compare_exchange(now, (epoch as u64) << 32 | done as u64, SeqCst, SeqCst) {
            Ok(_) => return done,
            Err(other) => now = other,
        }
    }
}

/// Waits until all chunks are done, or a newer epoch has begun; worker 0 not for ever, as a worker that holds chunks may
/// have been ended.
fn wait(step: &Step, run: &Run) -> Seen {
    let (mut spins, mut naps) = (0, 0);
    let patience = team::patience();
    loop {
        let now = step.done.load(SeqCst);
        let (word_epoch, done) = ((now >> 32) as u32, now as u32);
        match run.epoch.wrapping_sub(word_epoch) as i32 {
            0 if done >= step.chunks => break,
            ..0 => return Seen::Over,
            _ => {}
        }
        spins += 1;
        if spins <= patience {
            core::hint::spin_loop();
        } else if run.worker == 0 && naps == NAPS {
            return Seen::Late;
        } else {
            naps += 1;
            step.waiters.fetch_add(1, SeqCst);
            // The count of this epoch may end where that of an older one did, and the wake-up come before the sleep:
            // so never sleep for good.
            team::sleep(low_half(&step.done), now as u32, NAP_NANOSECONDS);
            step.waiters.fetch_sub(1, SeqCst);
        }
    }
    team::learn(spins, patience);
    Seen::Done
}

/// The count of a (epoch, count) word as an address to sleep on: little endian, so the lower half comes first.
fn low_half(word: &AtomicU64) -> &AtomicU32 {
    // SAFETY: the lower half of a live, aligned 64-bit atomic is a live, aligned 32-bit atomic.
    unsafe { &*(word.as_ptr().cast::<AtomicU32>()) }
}
