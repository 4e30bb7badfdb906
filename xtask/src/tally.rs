//! The sum of the results that the test harness prints.

/// The counts of all suites of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The number of suites that ran a test. Most crates also have an empty suite.
    pub suites: u32,
    pub passed: u32,
    pub failed: u32,
    pub ignored: u32,
}

impl Tally {
    /// Adds the counts of a line such as
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s`.
    pub fn read(&mut self, line: &str) {
        let line = without_colour(line);
        let Some(result) = line.trim_start().strip_prefix("test result: ") else {
            return;
        };
        let before = self.passed + self.failed + self.ignored;
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split("; ") {
            let (number, what) = count.split_once(' ').unwrap_or_default();
            let number: u32 = number.parse().unwrap_or_default();
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
        if self.passed + self.failed + self.ignored > before {
            self.suites += 1;
        }
    }
}

/// The line without terminal colour sequences.
fn without_colour(line: &str) -> String {
    let mut pieces = line.split('\x1b');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        // A sequence ends with a letter, as in `[32m` or `(B`.
        let text = piece.split_once(|letter: char| letter.is_ascii_alphabetic());
        plain.push_str(text.map_or("", |(_, text)| text));
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn tally_adds_results_with_and_without_colour() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.00s",
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 5 filtered out; finished in 0.01s",
            "test result: \u{1b}[31mFAILED\u{1b}[0m. 2 passed; 4 failed; 0 ignored; 0 measured; 0 filtered out",
            "test result: \u{1b}[32mok\u{1b}(B\u{1b}[m. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out",
        ] {
            tally.read(line);
        }
        let expected = Tally {
            suites: 3,
            passed: 6,
            failed: 4,
            ignored: 1,
        };
        assert_eq!(tally, expected);
    }
}
