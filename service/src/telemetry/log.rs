//! The log on stderr: lines for people or JSON, each with the trace and the span that it belongs to.

use std::fmt;
use std::io;

use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, TraceContextExt as _};
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Json, JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

use super::TelemetryError;
use crate::config::{Config, LogFormat};

/// OpenTelemetry tells at INFO that it is there; that something cannot be sent is a WARN or worse.
const QUIET: &str = "opentelemetry=warn";

/// Begins to log as the settings say.
pub(super) fn start(config: &Config) -> Result<(), TelemetryError> {
    // What is said later wins: who wants to hear more of it can say so.
    let filter = EnvFilter::try_new(format!("{QUIET},{}", config.log_filter));
    let filter = filter.map_err(|source| TelemetryError::Filter {
        filter: config.log_filter.clone(),
        source,
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(io::stderr);
    let started = match config.log_format {
        LogFormat::Text => {
            let lines = Text(Format::default());
            log.event_format(lines).finish().try_init()
        }
        LogFormat::Json => {
            let lines = JsonLines(Format::default().json());
            let log = log.fmt_fields(JsonFields::new()).event_format(lines);
            log.finish().try_init()
        }
    };
    started.map_err(TelemetryError::Log)
}

/// Lines for people, with the ids at their ends.
struct Text(Format);

/// JSON objects, with the ids as their last fields.
struct JsonLines(Format<Json>);

impl<S, N> FormatEvent<S, N> for Text
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(call) = current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let line = line.trim_end();
        let (trace, span) = (call.trace_id(), call.span_id());
        writeln!(writer, "{line} trace_id={trace} span_id={span}")
    }
}

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(call) = current() else {
            return self.0.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.0
            .format_event(context, Writer::new(&mut line), event)?;
        let object = line.trim_end();
        let (trace, span) = (call.trace_id(), call.span_id());
        // An object that does not end as one is written as it is.
        match object.strip_suffix('}') {
            Some(open) => writeln!(
                writer,
                r#"{open},"trace_id":"{trace}","span_id":"{span}"}}"#
            ),
            None => writeln!(writer, "{object}"),
        }
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
