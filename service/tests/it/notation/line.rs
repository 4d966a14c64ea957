//! A line of the notation, taken apart: its words, its options, and what stands after the colon.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::fmt::Display;
use std::str::FromStr;

/// A line that is being read. What is left over at the end is an error.
#[derive(Debug)]
pub(super) struct Line<'t> {
    words: VecDeque<&'t str>,
    options: BTreeMap<&'t str, &'t str>,
    /// What stands after the colon.
    pub(super) rest: &'t str,
}

/// Reads a word.
pub(super) fn read<T>(word: &str) -> Result<T, String>
where
    T: FromStr,
    T::Err: Display,
{
    word.parse()
        .map_err(|error: T::Err| format!("`{word}`: {error}"))
}

/// Reads words between commas.
pub(super) fn read_all<T>(words: &str) -> Result<Vec<T>, String>
where
    T: FromStr,
    T::Err: Display,
{
    let words = words.split(',').filter(|word| !word.is_empty());
    words.map(read).collect()
}

/// Reads names between commas as ids with a prefix.
pub(super) fn read_ids<T>(prefix: &str, names: &str) -> Result<Vec<T>, String>
where
    T: FromStr,
    T::Err: Display,
{
    let names = names.split(',').filter(|name| !name.is_empty());
    names.map(|name| read(&format!("{prefix}{name}"))).collect()
}

impl<'t> Line<'t> {
    pub(super) fn read(text: &'t str) -> Result<Self, String> {
        let bare = text.strip_suffix(':').unwrap_or(text);
        let (head, rest) = bare.split_once(": ").unwrap_or((bare, ""));
        let (mut words, mut options) = (VecDeque::new(), BTreeMap::new());
        for word in head.split_whitespace() {
            match word.split_once('=') {
                None => words.push_back(word),
                Some((key, value)) => {
                    if options.insert(key, value).is_some() {
                        return Err(format!("`{key}` stands twice"));
                    }
                }
            }
        }
        Ok(Self {
            words,
            options,
            rest: rest.trim(),
        })
    }

    /// The next word.
    pub(super) fn word(&mut self, what: &str) -> Result<&'t str, String> {
        self.words
            .pop_front()
            .ok_or_else(|| format!("{what} is missing"))
    }

    /// Whether the next word is this one; then it is taken.
    pub(super) fn flag(&mut self, word: &str) -> bool {
        let is_next = self.words.front() == Some(&word);
        if is_next {
            self.words.pop_front();
        }
        is_next
    }

    /// The value of an option.
    pub(super) fn option(&mut self, key: &str) -> Option<&'t str> {
        self.options.remove(key)
    }

    /// The value of an option, empty if it is not given.
    pub(super) fn list(&mut self, key: &str) -> &'t str {
        self.option(key).unwrap_or_default()
    }

    /// The value of an option, read.
    pub(super) fn get<T>(&mut self, key: &str) -> Result<Option<T>, String>
    where
        T: FromStr,
        T::Err: Display,
    {
        self.option(key).map(read).transpose()
    }

    /// Ends the reading: nothing may be left.
    pub(super) fn finish(self) -> Result<(), String> {
        let left = self.words.into_iter();
        let left: Vec<&str> = left.chain(self.options.into_keys()).collect();
        if left.is_empty() {
            Ok(())
        } else {
            Err(format!("not understood: {}", left.join(" ")))
        }
    }
}
