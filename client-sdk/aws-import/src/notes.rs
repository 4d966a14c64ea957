//! What comes to light while records are read. Knows faults and warnings; must not know what caused them.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::error::RecordFault;
use crate::warning::Warning;

/// What reading records brings to light.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    faults: RefCell<BTreeSet<RecordFault>>,
    warnings: RefCell<Vec<Warning>>,
}

impl Notes {
    /// Notes a fault, once.
    pub(crate) fn fault(&self, fault: RecordFault) {
        self.faults.borrow_mut().insert(fault);
    }

    /// Notes a warning, once.
    pub(crate) fn warn(&self, warning: Warning) {
        let mut warnings = self.warnings.borrow_mut();
        if warnings.last() != Some(&warning) {
            warnings.push(warning);
        }
    }

    /// The faults by place, and the warnings as they came.
    pub(crate) fn into_parts(self) -> (Vec<RecordFault>, Vec<Warning>) {
        let faults = self.faults.into_inner().into_iter().collect();
        (faults, self.warnings.into_inner())
    }
}
