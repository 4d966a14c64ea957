//! Lines in SVG. Colours are the page's, by the place of a line, so that they fit light and dark.

use std::fmt::Write as _;

use super::axis::{Axis, Ranged};
use super::text;

/// The size of a plot, and where its lines are in it.
const SIZE: [f64; 2] = [860.0, 320.0];
const LEFT: f64 = 88.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 48.0;

/// How many colours the page has.
const COLOURS: usize = 7;

/// A plot: its lines over two axes.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    pub(crate) title: String,
    /// What is to be seen, in a sentence.
    pub(crate) note: String,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) series: Vec<Series>,
    /// Values of the axis below that something begins at, with its name.
    pub(crate) marks: Vec<(f64, String)>,
}

/// A line.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    /// A value that is not there interrupts the line.
    pub(crate) points: Vec<(f64, Option<f64>)>,
    /// Names of the points, if each of them is marked: told when one is pointed at, and written beside it where they are few.
    pub(crate) names: Vec<String>,
    pub(crate) is_named: bool,
    pub(crate) is_dashed: bool,
}

impl Plot {
    /// The plot as HTML; nothing if no line has a point.
    pub(crate) fn html(&self) -> String {
        let values = self.series.iter().flat_map(|series| &series.points);
        if !values.clone().any(|(_, y)| y.is_some()) {
            return String::new();
        }
        let x = self.x.over(values.clone().map(|(x, _)| *x));
        let y = self.y.over(values.filter_map(|(_, y)| *y));
        let mut svg = String::new();
        let [width, height] = SIZE;
        let label = text(&format!(
            "{}: {} over {}",
            self.title, self.y.label, self.x.label
        ));
        // Writing to a text does not fail.
        let _ = writeln!(
            svg,
            "<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">"
        );
        self.frame(&mut svg, &x, &y);
        self.begins(&mut svg, &x);
        for (place, series) in self.series.iter().enumerate() {
            series.draw(&mut svg, place % COLOURS, &x, &y);
        }
        svg.push_str("</svg>\n");
        format!(
            "<figure>\n<figcaption><b>{}</b> {}</figcaption>\n{}{svg}</figure>\n",
            text(&self.title),
            text(&self.note),
            self.legend()
        )
    }

    fn legend(&self) -> String {
        if self.series.len() < 2 {
            return String::new();
        }
        let mut list = "<ul class=\"legend\">".to_owned();
        for (place, series) in self.series.iter().enumerate() {
            let colour = place % COLOURS;
            let _ = write!(list, "<li class=\"c{colour}\">{}</li>", text(&series.name));
        }
        list.push_str("</ul>\n");
        list
    }

    fn frame(&self, svg: &mut String, x: &Ranged<'_>, y: &Ranged<'_>) {
        let [width, height] = SIZE;
        let (right, bottom) = (width - RIGHT, height - BOTTOM);
        for (value, name) in y.ticks() {
            let Some(at) = y.at(value).map(down) else {
                continue;
            };
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>\
                 <text class=\"tick end\" x=\"{}\" y=\"{:.1}\">{}</text>",
                LEFT - 8.0,
                at + 4.0,
                text(&name)
            );
        }
        for (value, name) in x.ticks() {
            let Some(at) = x.at(value).map(across) else {
                continue;
            };
            let _ = writeln!(
                svg,
                "<line class=\"grid\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\
                 <text class=\"tick middle\" x=\"{at:.1}\" y=\"{}\">{}</text>",
                bottom + 18.0,
                text(&name)
            );
        }
        let middle = f64::midpoint(LEFT, right);
        let _ = writeln!(
            svg,
            "<path class=\"axis\" d=\"M{LEFT} {TOP}V{bottom}H{right}\"/>\
             <text class=\"label middle\" x=\"{middle}\" y=\"{}\">{}</text>\
             <text class=\"label middle\" transform=\"translate(14 {}) rotate(-90)\">{}</text>",
            height - 8.0,
            text(&self.x.label),
            f64::midpoint(TOP, bottom),
            text(&self.y.label)
        );
    }
}

impl Plot {
    /// A name is left out where the one before would be under it.
    fn begins(&self, svg: &mut String, x: &Ranged<'_>) {
        let [_, height] = SIZE;
        let bottom = height - BOTTOM;
        let mut free = 0.0;
        for (value, name) in &self.marks {
            let Some(at) = x.at(*value).map(across) else {
                continue;
            };
            let _ = write!(
                svg,
                "<line class=\"begin\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>"
            );
            if at >= free {
                let _ = writeln!(
                    svg,
                    "<text class=\"tick\" x=\"{:.1}\" y=\"{}\">{}</text>",
                    at + 4.0,
                    TOP + 12.0,
                    text(name)
                );
                free = at + 60.0;
            }
        }
    }
}

impl Series {
    pub(crate) fn line(name: &str, points: Vec<(f64, Option<f64>)>) -> Self {
        Self {
            name: name.to_owned(),
            points,
            names: Vec::new(),
            is_named: false,
            is_dashed: false,
        }
    }

    /// Each point is marked, and has a name.
    pub(crate) fn marked(self, names: Vec<String>) -> Self {
        Self { names, ..self }
    }

    /// The names of its points are written beside them.
    pub(crate) fn named(self) -> Self {
        Self {
            is_named: true,
            ..self
        }
    }

    /// So that a line is seen that it covers.
    pub(crate) fn dashed(self) -> Self {
        Self {
            is_dashed: true,
            ..self
        }
    }

    fn draw(&self, svg: &mut String, colour: usize, x: &Ranged<'_>, y: &Ranged<'_>) {
        let places = self.points.iter().map(|(over, value)| {
            let at = value.and_then(|value| y.at(value));
            Some((across(x.at(*over)?), down(at?)))
        });
        let places: Vec<Option<(f64, f64)>> = places.collect();
        let class = if self.is_dashed {
            "line dashed"
        } else {
            "line"
        };
        let _ = write!(
            svg,
            "<g class=\"c{colour}\"><title>{}</title><path class=\"{class}\" d=\"{}\"/>",
            text(&self.name),
            path(&places)
        );
        for (number, place) in places.iter().enumerate() {
            let Some((across, down)) = place else {
                continue;
            };
            let name = self.names.get(number);
            if name.is_some() || is_alone(&places, number) {
                let name = name.map_or("", String::as_str);
                let _ = write!(
                    svg,
                    "<circle cx=\"{across:.1}\" cy=\"{down:.1}\" r=\"3.5\"><title>{} {}</title></circle>",
                    text(&self.name),
                    text(name)
                );
            }
        }
        if self.is_named {
            self.draw_names(svg, &places);
        }
        svg.push_str("</g>\n");
    }

    fn draw_names(&self, svg: &mut String, places: &[Option<(f64, f64)>]) {
        let [width, _] = SIZE;
        for (name, place) in self.names.iter().zip(places) {
            let Some((across, down)) = place else {
                continue;
            };
            // At the right edge there is no room behind a point.
            let (class, beside) = if *across > width - 80.0 {
                ("tick end name", -7.0)
            } else {
                ("tick name", 7.0)
            };
            let _ = write!(
                svg,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                across + beside,
                down + 14.0,
                text(name)
            );
        }
    }
}

/// A line through the places, interrupted where there is none.
fn path(places: &[Option<(f64, f64)>]) -> String {
    let mut path = String::new();
    let mut pen = 'M';
    for place in places {
        match place {
            Some((across, down)) => {
                let _ = write!(path, "{pen}{across:.1} {down:.1}");
                pen = 'L';
            }
            None => pen = 'M',
        }
    }
    path
}

/// A point between two gaps has no line, and would not be seen.
fn is_alone(places: &[Option<(f64, f64)>], number: usize) -> bool {
    let there = |number: Option<usize>| number.and_then(|number| places.get(number)?.as_ref());
    there(number.checked_sub(1)).is_none() && there(number.checked_add(1)).is_none()
}

fn across(at: f64) -> f64 {
    let [width, _] = SIZE;
    LEFT + at * (width - LEFT - RIGHT)
}

fn down(at: f64) -> f64 {
    let [_, height] = SIZE;
    let bottom = height - BOTTOM;
    bottom - at * (bottom - TOP)
}
