//! A table: names at the left, figures at the right.

use super::text;

/// Rows of cells. The first cell of a row is its name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    caption: String,
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(caption: &str, head: &[&str]) -> Self {
        Self {
            caption: caption.to_owned(),
            head: head.iter().map(|cell| (*cell).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as HTML; nothing if it has no row.
    pub(crate) fn html(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let cells = |tag: &str, cells: &[String]| {
            let cells = cells.iter();
            let cells = cells.map(|cell| format!("<{tag}>{}</{tag}>", text(cell)));
            format!("<tr>{}</tr>\n", cells.collect::<String>())
        };
        let rows: String = self.rows.iter().map(|row| cells("td", row)).collect();
        let head = if self.head.is_empty() {
            String::new()
        } else {
            format!("<thead>{}</thead>\n", cells("th", &self.head))
        };
        format!(
            "<div class=\"wide\"><table><caption>{}</caption>\n{head}<tbody>\n{rows}</tbody></table></div>\n",
            text(&self.caption)
        )
    }
}
