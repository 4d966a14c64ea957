//! Traces of answers to many flows, put back where they belong.

use causeway_proto::v1;

use crate::ClientError;

/// Puts the traces of a table into the answers that name them, so that each answer is whole.
///
/// # Errors
/// [`ClientError::Incomplete`] if an answer names what the table does not hold.
pub(crate) fn put_back(
    call: &'static str,
    items: &mut [v1::BatchItem],
    table: Option<v1::TraceTable>,
) -> Result<(), ClientError> {
    let table = table.unwrap_or_default();
    let whole = |place: &mut Option<u32>| match place.take() {
        None => Ok(None),
        Some(place) => whole(&table, place)
            .map(Some)
            .ok_or(ClientError::Incomplete {
                call,
                what: "every trace that an answer names",
            }),
    };
    for answer in items.iter_mut().filter_map(|item| item.answer.as_mut()) {
        if let Some(trace) = whole(&mut answer.forward_trace)? {
            answer.forward = Some(trace);
        }
        if let Some(trace) = whole(&mut answer.return_trace)? {
            answer.r#return = Some(trace);
        }
        for other in &mut answer.alternatives {
            if let Some(trace) = whole(&mut other.forward_trace)? {
                other.forward = Some(trace);
            }
            if let Some(trace) = whole(&mut other.return_trace)? {
                other.r#return = Some(trace);
            }
        }
    }
    Ok(())
}

fn at<T>(list: &[T], place: u32) -> Option<&T> {
    list.get(usize::try_from(place).ok()?)
}

fn whole(table: &v1::TraceTable, place: u32) -> Option<v1::Trace> {
    let shared = at(&table.traces, place)?;
    let hops = shared.hops.iter();
    let hops: Option<Vec<_>> = hops
        .map(|place| hop(at(&table.hops, *place)?, &shared.headers))
        .collect();
    Some(v1::Trace {
        hops: hops?,
        disposition: shared.disposition,
    })
}

fn hop(shared: &v1::SharedHop, headers: &[v1::Header]) -> Option<v1::Hop> {
    let steps = shared.steps.iter().map(|step| {
        let after = match step.after {
            None => None,
            Some(place) => Some(at(headers, place)?.clone()),
        };
        Some(v1::Step {
            stage: step.stage,
            resource_id: step.resource_id.clone(),
            rule: step.rule.clone(),
            action: step.action,
            code: step.code,
            before: Some(at(headers, step.before)?.clone()),
            after,
        })
    });
    let steps: Option<Vec<_>> = steps.collect();
    Some(v1::Hop {
        resource_id: shared.resource_id.clone(),
        resource_kind: shared.resource_kind,
        name: shared.name.clone(),
        steps: steps?,
        account: shared.account.clone(),
    })
}

#[cfg(test)]
mod tests;
