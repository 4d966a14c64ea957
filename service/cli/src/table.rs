//! Columns of text. The widths, also of wide characters, and the wrapping are comfy-table's; it is built without its terminal part, so that what is
//! printed does not depend on where it is printed.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

use crate::error::clean;

/// Width that a wrapped table fills at most, in columns.
const WIDTH: u16 = 120;

/// Rows of cells in aligned columns, without lines, never wrapped: for `grep` as for eyes.
#[derive(Debug)]
pub(crate) struct Columns {
    table: Table,
    indent: &'static str,
}

/// A table with a line between rows, whose cells have several lines and wrap. The widths are the widest that the columns may be.
#[derive(Debug)]
pub(crate) struct Sheet {
    table: Table,
}

// === impl Columns ===

impl Columns {
    pub(crate) fn new(indent: &'static str) -> Self {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        Self { table, indent }
    }

    pub(crate) fn row<const N: usize>(&mut self, cells: [&str; N]) {
        self.table.add_row(cells.map(clean));
    }

    pub(crate) fn print(mut self, out: &mut dyn Write) -> io::Result<()> {
        for column in self.table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in self.table.lines() {
            writeln!(out, "{}", format!("{}{line}", self.indent).trim_end())?;
        }
        Ok(())
    }
}

// === impl Sheet ===

impl Sheet {
    pub(crate) fn new<const N: usize>(header: [&str; N], widths: [u16; N]) -> Self {
        let mut table = Table::new();
        table
            .load_style(presets::ASCII_HORIZONTAL_ONLY)
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(WIDTH)
            .set_header(header)
            .set_constraints(
                widths.map(|width| ColumnConstraint::UpperBoundary(Width::Fixed(width))),
            );
        Self { table }
    }

    /// Each cell is a list of lines.
    pub(crate) fn row<const N: usize>(&mut self, cells: [Vec<String>; N]) {
        let text = |lines: Vec<String>| {
            let lines: Vec<_> = lines.iter().map(|line| clean(line)).collect();
            lines.join("\n")
        };
        self.table.add_row(cells.map(text));
    }

    pub(crate) fn print(self, out: &mut dyn Write) -> io::Result<()> {
        for line in self.table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
