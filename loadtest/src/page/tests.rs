//! The page: what is foreign in it stays text, and numbers are for people.

use super::{Axis, Plot, Scale, Series, Table, Unit, number, text, time};

#[test]
fn foreign_text_is_never_markup() {
    let hostile = "<script>\"&'";
    let safe = "&lt;script&gt;&quot;&amp;&#39;";
    assert_eq!(text(hostile), safe);
    let mut table = Table::new(hostile, &[hostile]);
    table.row(vec![hostile.to_owned()]);
    let plot = Plot {
        title: hostile.to_owned(),
        note: hostile.to_owned(),
        x: Axis::new(hostile, Scale::Linear, Unit::Number),
        y: Axis::new(hostile, Scale::Linear, Unit::Number),
        series: vec![
            Series::line(hostile, vec![(0.0, Some(1.0))]),
            Series::line(hostile, vec![]),
        ],
        marks: vec![(0.0, hostile.to_owned())],
    };
    for html in [table.html(), plot.html()] {
        assert!(html.contains(safe) && !html.contains("<script"), "{html}");
    }
}

#[test]
fn numbers_and_times_have_the_digits_that_mean_something() {
    let numbers = [0.0, 0.0234, 1.5, 42.25, 1234.5, 1_234_567.0, -1234.0];
    let written = numbers.map(number);
    assert_eq!(
        written,
        ["0", "0.023", "1.5", "42.2", "1,234", "1,234,567", "-1,234"]
    );
    let times = [0.0, 0.000_085_3, 0.0123, 2.0].map(time);
    assert_eq!(times, ["0", "85.3 µs", "12.3 ms", "2 s"]);
}

/// A plot without a value is left out, and a gap in a line is a gap.
#[test]
fn a_line_is_drawn_where_it_has_values() {
    let plot = |points| Plot {
        title: String::new(),
        note: String::new(),
        x: Axis::new("", Scale::Linear, Unit::Number),
        y: Axis::new("", Scale::Linear, Unit::Number),
        series: vec![Series::line("", points)],
        marks: Vec::new(),
    };
    assert_eq!(plot(vec![(0.0, None)]).html(), "");
    let drawn = plot(vec![
        (0.0, Some(1.0)),
        (1.0, Some(2.0)),
        (2.0, None),
        (3.0, Some(1.0)),
    ])
    .html();
    let paths = drawn.matches('M').count();
    // The frame is one, the line two.
    assert_eq!(paths, 3, "{drawn}");
    assert_eq!(drawn.matches("<circle").count(), 1, "{drawn}");
}
