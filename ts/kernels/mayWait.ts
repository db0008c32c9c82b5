/** Whether this thread may wait on an atomic, as that of a page may not. It is asked, whatever globals a runtime has. */
export function mayWait(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}
