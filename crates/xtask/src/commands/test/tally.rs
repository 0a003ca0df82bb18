//! What a suite came to, and how to read that from the output of test runners.

/// Counts of one suite. A suite with `failed == 0` passed, unless nothing ran at all.
pub(crate) struct Outcome {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    /// Why something failed or could not run.
    pub(crate) remark: String,
    /// What the runner printed about the tests that failed, to be shown again at the very end:
    /// who has only the end of a long log must be able to tell what broke.
    pub(crate) failures: Vec<String>,
}

impl Outcome {
    /// One check without parts.
    pub(crate) fn passed() -> Self {
        Self { passed: 1, ..Self::none() }
    }

    /// Passed, with something that the summary must not hide.
    pub(crate) fn passed_with(remark: &str) -> Self {
        Self { passed: 1, remark: remark.into(), ..Self::none() }
    }

    /// The beginning of a sum.
    pub(crate) fn none() -> Self {
        Self { passed: 0, failed: 0, remark: String::new(), failures: Vec::new() }
    }

    pub(crate) fn failed(remark: impl Into<String>) -> Self {
        Self { failed: 1, remark: remark.into(), ..Self::none() }
    }

    /// For what this machine cannot do. Said loudly; the reason tells what it would need.
    pub(crate) fn not_run(needs: &str) -> Self {
        println!("  NOT RUN: needs {needs}");
        Self { remark: format!("needs {needs}"), ..Self::none() }
    }

    pub(crate) fn word(&self) -> &'static str {
        match (self.passed, self.failed) {
            (0, 0) => "NOT RUN",
            (_, 0) => "passed",
            _ => "FAILED",
        }
    }

    /// Joins two parts of a suite.
    pub(crate) fn and(self, other: Self) -> Self {
        let remarks = [self.remark, other.remark];
        let remark = remarks.iter().filter(|it| !it.is_empty()).cloned().collect::<Vec<_>>();
        Self {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            remark: remark.join("; "),
            failures: [self.failures, other.failures].concat(),
        }
    }

    fn because_of(mut self, failures: Vec<String>) -> Self {
        if self.failed > 0 {
            self.failures = failures;
        }
        self
    }
}

/// Adds up the lines `test result: ok. 4 passed; 0 failed; 1 ignored; …` of libtest and its kin.
pub(crate) fn of_libtest(success: bool, output: &str) -> Outcome {
    let lines = output.lines().filter_map(|line| line.trim().strip_prefix("test result: "));
    let (mut passed, mut failed, mut ignored) = (0, 0, 0);
    for line in lines {
        for part in line.split(['.', ';']) {
            let mut words = part.split_whitespace();
            let count: usize = words.next().and_then(|it| it.parse().ok()).unwrap_or(0);
            match words.next() {
                Some("passed") => passed += count,
                Some("failed") => failed += count,
                Some("ignored") => ignored += count,
                _ => {}
            }
        }
    }
    judge(success, passed, failed, ignored).because_of(failures_of_libtest(output))
}

/// The blocks `---- name stdout ----` that libtest prints for what failed.
fn failures_of_libtest(output: &str) -> Vec<String> {
    let mut failures: Vec<String> = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        let begins = line.starts_with("---- ") && line.ends_with(" ----");
        let ends = line == "failures:" || line.starts_with("test result: ");
        inside = begins || (inside && !ends);
        match failures.last_mut() {
            _ if begins => failures.push(line.to_owned()),
            Some(failure) if inside => *failure += &format!("\n{line}"),
            _ => {}
        }
    }
    failures
}

/// Adds up the lines `ℹ pass 4` or `# pass 4` with which Node's test runner ends.
pub(crate) fn of_node(success: bool, output: &str) -> Outcome {
    let count = |wanted: &str| -> usize {
        let lines = output.lines().filter_map(|line| {
            let line = line.trim();
            line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?.strip_prefix(wanted)
        });
        lines.filter_map(|rest| rest.trim().parse::<usize>().ok()).sum()
    };
    let left_out = count("skipped ") + count("todo ");
    let outcome = judge(success, count("pass "), count("fail ") + count("cancelled "), left_out);
    outcome.because_of(failures_of_node(output))
}

/// The entries `not ok 1 - name` of Node's TAP reporter, which is the one that it takes where nobody looks. Suites whose tests failed
/// are left out.
fn failures_of_node(output: &str) -> Vec<String> {
    let mut failures: Vec<String> = Vec::new();
    let mut inside = false;
    for line in output.lines() {
        let line = line.trim_end();
        match failures.last_mut() {
            _ if line.trim_start().starts_with("not ok ") => {
                inside = true;
                failures.push(line.trim_start().to_owned());
            }
            Some(failure) if inside => *failure += &format!("\n{line}"),
            _ => {}
        }
        inside &= line.trim() != "...";
    }
    failures.retain(|failure| !failure.contains("failureType: 'subtestsFailed'"));
    failures
}

fn judge(success: bool, passed: usize, failed: usize, left_out: usize) -> Outcome {
    if left_out > 0 {
        let remark = format!("{left_out} tests are skipped; a test runs or does not exist");
        return Outcome { passed, failed: failed + left_out, remark, ..Outcome::none() };
    }
    let (failed, remark) = match (success, passed, failed) {
        (true, 0, 0) => (1, "ran no test"),
        (false, _, 0) => (1, "the runner failed"),
        (true, _, 1..) => (failed, "the runner hid failures"),
        _ => (failed, ""),
    };
    Outcome { passed, failed, remark: remark.into(), ..Outcome::none() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIBTEST: &str = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured\n\
                           test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured\n";

    #[test]
    fn libtest_results_of_all_binaries_are_added() {
        let outcome = of_libtest(true, LIBTEST);
        assert_eq!((outcome.passed, outcome.failed, outcome.word()), (7, 0, "passed"));
    }

    #[test]
    fn a_runner_that_fails_without_a_failed_test_is_a_failure() {
        assert_eq!(of_libtest(false, LIBTEST).failed, 1);
    }

    #[test]
    fn an_ignored_test_is_a_failure() {
        let outcome = of_libtest(true, "test result: ok. 3 passed; 0 failed; 2 ignored");
        assert_eq!((outcome.failed, outcome.word()), (2, "FAILED"));
    }

    #[test]
    fn a_suite_without_a_test_is_a_failure() {
        assert_eq!(of_node(true, "ℹ tests 0\nℹ pass 0\nℹ fail 0\n").word(), "FAILED");
    }

    #[test]
    fn a_failure_keeps_what_was_said_of_it() {
        let libtest = "test a ... FAILED\n\nfailures:\n\n---- a stdout ----\nleft: 1\n\nright: 2\n\
                       failures:\n    a\n\ntest result: FAILED. 0 passed; 1 failed; 0 ignored";
        assert_eq!(
            of_libtest(false, libtest).failures,
            ["---- a stdout ----\nleft: 1\n\nright: 2"]
        );
        let node = "not ok 1 - b\n  ---\n  error: 'c'\n  ...\nok 2 - d\n\
                    not ok 2 - e\n  ---\n  failureType: 'subtestsFailed'\n  ...\n# pass 1\n# fail 1\n";
        assert_eq!(of_node(false, node).failures, ["not ok 1 - b\n  ---\n  error: 'c'\n  ..."]);
        assert!(of_libtest(true, LIBTEST).failures.is_empty());
    }

    #[test]
    fn node_reporters_are_both_read() {
        for output in ["ℹ pass 5\nℹ fail 1\nℹ skipped 0", "# pass 5\n# fail 1\n# skipped 0"] {
            let outcome = of_node(false, output);
            assert_eq!((outcome.passed, outcome.failed), (5, 1));
        }
    }
}
