//! The log on stderr: lines for people or JSON, each with the trace and the span that it belongs to.

use std::fmt;
use std::io;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::TelemetryError;
use crate::config::{Config, LogFormat};

/// OpenTelemetry tells at INFO that it is there; that something cannot be sent is a WARN or worse.
const QUIET: &str = "opentelemetry=warn";

/// Begins to log as the settings say.
pub(super) fn start(config: &Config) -> Result<(), TelemetryError> {
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(config)?)
        .with_ansi(false)
        .with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => {
            let lines = WithIds {
                lines: Format::default(),
                written: text,
            };
            log.event_format(lines).finish().try_init()
        }
        LogFormat::Json => {
            let lines = WithIds {
                lines: Format::default().json(),
                written: json,
            };
            let log = log.fmt_fields(JsonFields::new()).event_format(lines);
            log.finish().try_init()
        }
    };
    started.map_err(TelemetryError::Log)
}

/// What is logged, by the settings.
pub(crate) fn filter(config: &Config) -> Result<EnvFilter, TelemetryError> {
    // What is said later wins: who wants to hear more of it can say so.
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log_filter));
    filter.map_err(|source| TelemetryError::Filter {
        filter: config.log_filter.clone(),
        source,
    })
}

/// Lines of a form, with the ids of the call that they belong to.
struct WithIds<F> {
    lines: F,
    /// Writes a line with the ids.
    written: fn(Writer<'_>, &str, &SpanContext) -> fmt::Result,
}

impl<S, N, F> FormatEvent<S, N> for WithIds<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(call) = current() else {
            return self.lines.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.lines
            .format_event(context, Writer::new(&mut line), event)?;
        (self.written)(writer, line.trim_end(), &call)
    }
}

/// A line for people, with the ids at its end.
fn text(mut writer: Writer<'_>, line: &str, call: &SpanContext) -> fmt::Result {
    let (trace, span) = (call.trace_id(), call.span_id());
    writeln!(writer, "{line} trace_id={trace} span_id={span}")
}

/// A JSON object, with the ids as its last fields. One that does not end as an object is written as it is.
fn json(mut writer: Writer<'_>, object: &str, call: &SpanContext) -> fmt::Result {
    let (trace, span) = (call.trace_id(), call.span_id());
    match object.strip_suffix('}') {
        Some(open) => writeln!(
            writer,
            r#"{open},"trace_id":"{trace}","span_id":"{span}"}}"#
        ),
        None => writeln!(writer, "{object}"),
    }
}

/// The call that this thread works for, if it is known.
fn current() -> Option<SpanContext> {
    Context::map_current(|context| {
        let span = context.span();
        let call = span.span_context();
        call.is_valid().then(|| call.clone())
    })
}
