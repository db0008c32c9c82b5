import { writeFileSync } from 'node:fs';

/**
 * Vitest reporter: counts, names of tests that passed, of skipped ones with the reason, and failures as JSON in the file that
 * RESIDUA_REPORT names.
 */
export default class CountingReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const report = {
      passed: 0,
      failed: unhandledErrors.length,
      ran: [],
      skipped: [],
      failures: [],
    };
    for (const error of unhandledErrors) report.failures.push(`unhandled: ${error.message}`);
    for (const module of modules) {
      for (const error of module.errors()) {
        report.failed++;
        report.failures.push(`${module.relativeModuleId}: ${error.message}`);
      }
      for (const test of module.children.allTests()) this.#count(module, test, report);
    }
    writeFileSync(process.env.RESIDUA_REPORT, JSON.stringify(report));
  }

  #count(module, test, report) {
    const name = `${module.relativeModuleId}: ${test.fullName}`;
    const result = test.result();
    if (result.state === 'passed') {
      report.passed++;
      report.ran.push(name);
    } else if (result.state === 'skipped') {
      report.skipped.push({ name, reason: result.note });
    } else {
      report.failed++;
      report.failures.push(name);
    }
  }
}
