//! The bytes of a case, taken one after the other to decide with. Past their end everything is 0.

pub(crate) struct Driver<'d> {
    left: &'d [u8],
}

impl<'d> Driver<'d> {
    pub(crate) fn new(left: &'d [u8]) -> Self {
        Self { left }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.left.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        match self.left.split_first() {
            Some((first, rest)) => {
                self.left = rest;
                *first
            }
            None => 0,
        }
    }

    /// A number below another one, which is not 0.
    pub(crate) fn below(&mut self, number: usize) -> usize {
        let high = if number > 256 {
            usize::from(self.byte()) << 8
        } else {
            0
        };
        (high | usize::from(self.byte())) % number
    }

    pub(crate) fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    pub(crate) fn number(&mut self) -> u64 {
        let bytes = [(); 8].map(|()| self.byte());
        u64::from_le_bytes(bytes)
    }

    /// So many bytes, or as many as there are.
    pub(crate) fn bytes(&mut self, count: usize) -> &'d [u8] {
        let (taken, rest) = self.left.split_at(count.min(self.left.len()));
        self.left = rest;
        taken
    }

    pub(crate) fn rest(&mut self) -> &'d [u8] {
        self.bytes(usize::MAX)
    }
}
