//! Changes to a case that keep its form: other references, other numbers, other fields, so that networks stay networks and become strange.

use causeway_model::fields::{FieldName, Value};
use fastrand::Rng;

/// Texts that are worth having anywhere.
const WORDS: &[&str] = &[
    "internet",
    "0.0.0.0/0",
    "::/0",
    "10.0.0.0/8",
    "10.0.0.0/16",
    "10.0.1.10",
    "255.255.255.255/32",
    "2001:db8::/32",
    "fd00::1",
    "127.0.0.1",
    "169.254.169.254",
    "224.0.0.1",
    "eu-west-1",
    "us-east-1",
    "eu-west-1a",
    "*",
    "tcp",
    "udp",
    "icmp",
    "icmpv6",
    "47",
    "all",
    "s3.eu-west-1.amazonaws.com",
    "com.amazonaws.eu-west-1.s3",
];

const NUMBERS: &[i64] = &[
    0,
    1,
    8,
    53,
    443,
    1024,
    32767,
    32768,
    65535,
    65536,
    -1,
    i64::MAX,
];

/// A few changes, drawn from a seed.
pub fn mutate(case: &mut Value, seed: u64) {
    let mut rng = Rng::with_seed(seed);
    for _ in 0..rng.usize(1..=5) {
        match rng.u8(0..12) {
            0..=3 => retell(case, &mut rng, true),
            4 => retell(case, &mut rng, false),
            5 => renumber(case, &mut rng),
            6 => borrow_field(case, &mut rng),
            7 => drop_field(case, &mut rng),
            8 | 9 => change_list(case, &mut rng),
            10 => respell(case, &mut rng),
            _ => thin_out(case, &mut rng),
        }
    }
}

/// All parts of a case with the name of the field that they are in, outermost first.
fn each(value: &mut Value, name: &str, visit: &mut dyn FnMut(&str, &mut Value)) {
    visit(name, value);
    match value {
        Value::List(list) => list.iter_mut().for_each(|item| each(item, name, visit)),
        Value::Record(fields) => {
            for (name, field) in fields {
                each(field, name, visit);
            }
        }
        Value::Absent | Value::True | Value::Number(_) | Value::Text(_) => {}
    }
}

/// What the parts that are wanted are, with their names.
fn all(case: &mut Value, is_wanted: fn(&Value) -> bool) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    each(case, "", &mut |name, part| {
        if is_wanted(part) {
            found.push((name.to_owned(), part.clone()));
        }
    });
    found
}

/// Changes one of the parts that are wanted, drawn by lot.
fn one(
    case: &mut Value,
    rng: &mut Rng,
    is_wanted: fn(&Value) -> bool,
    change: &mut dyn FnMut(&str, &mut Value, &mut Rng),
) {
    let mut count = 0;
    each(case, "", &mut |_, part| {
        count += usize::from(is_wanted(part))
    });
    if count == 0 {
        return;
    }
    let mut left = rng.usize(..count);
    let mut is_done = false;
    each(case, "", &mut |name, part| {
        if is_done || !is_wanted(part) {
            return;
        }
        if left == 0 {
            is_done = true;
            change(name, part, rng);
        } else {
            left -= 1;
        }
    });
}

fn is_text(value: &Value) -> bool {
    matches!(value, Value::Text(_))
}

fn is_record(value: &Value) -> bool {
    matches!(value, Value::Record(_))
}

fn is_list(value: &Value) -> bool {
    matches!(value, Value::List(_))
}

/// Gives a text the words of another; of one in a field of the same name, if so wanted.
fn retell(case: &mut Value, rng: &mut Rng, is_alike: bool) {
    let texts = all(case, is_text);
    one(case, rng, is_text, &mut |name, part, rng| {
        let others = texts.iter().filter(|(other, _)| !is_alike || other == name);
        let others: Vec<&Value> = others.map(|(_, text)| text).collect();
        let is_word = !is_alike && rng.u8(..3) == 0;
        if let (Some(other), false) = (rng.choice(others), is_word) {
            *part = other.clone();
        } else if let Some(word) = rng.choice(WORDS) {
            *part = Value::Text((*word).to_owned());
        }
    });
}

fn renumber(case: &mut Value, rng: &mut Rng) {
    let is_number = |value: &Value| matches!(value, Value::Number(_) | Value::True);
    one(case, rng, is_number, &mut |_, part, rng| match part {
        Value::Number(number) if rng.bool() => *number = number.wrapping_add(rng.i64(-2..=2)),
        Value::Number(number) => *number = *rng.choice(NUMBERS).unwrap_or(&0),
        other => *other = Value::Absent,
    });
}

/// Gives a record a field that another record of the same field has.
fn borrow_field(case: &mut Value, rng: &mut Rng) {
    let records = all(case, is_record);
    one(case, rng, is_record, &mut |name, part, rng| {
        let others = records.iter().filter(|(other, _)| other == name);
        let others = others.filter_map(|(_, record)| match record {
            Value::Record(fields) => Some(fields),
            _ => None,
        });
        let others: Vec<&Vec<(FieldName, Value)>> = others.collect();
        let given = rng.choice(others).and_then(|fields| rng.choice(fields));
        if let (Value::Record(fields), Some((name, value))) = (part, given) {
            fields.retain(|(own, _)| own != name);
            fields.push((name.clone(), value.clone()));
        }
    });
}

fn drop_field(case: &mut Value, rng: &mut Rng) {
    one(case, rng, is_record, &mut |_, part, rng| {
        if let Value::Record(fields) = part
            && !fields.is_empty()
        {
            fields.remove(rng.usize(..fields.len()));
        }
    });
}

/// Repeats, removes or moves an item, or takes one from another list of the same field.
fn change_list(case: &mut Value, rng: &mut Rng) {
    let lists = all(case, is_list);
    one(case, rng, is_list, &mut |name, part, rng| {
        let Value::List(list) = part else { return };
        let others = lists.iter().filter(|(other, _)| other == name);
        let items = others.filter_map(|(_, other)| match other {
            Value::List(items) => Some(items),
            _ => None,
        });
        let items: Vec<&Value> = items.flatten().collect();
        match rng.u8(..4) {
            0 if !list.is_empty() => drop(list.remove(rng.usize(..list.len()))),
            1 if !list.is_empty() => {
                let (one, other) = (rng.usize(..list.len()), rng.usize(..list.len()));
                list.swap(one, other);
            }
            _ => list.extend(rng.choice(items).cloned()),
        }
    });
}

/// Changes a character of a text: another digit, or another letter.
fn respell(case: &mut Value, rng: &mut Rng) {
    one(case, rng, is_text, &mut |_, part, rng| {
        let Value::Text(text) = part else { return };
        let mut letters: Vec<char> = text.chars().collect();
        if letters.is_empty() {
            return;
        }
        let at = rng.usize(..letters.len());
        if let Some(letter) = letters.get_mut(at) {
            *letter = match letter {
                '0'..='9' => rng.digit(10),
                _ => rng.lowercase(),
            };
        }
        *text = letters.into_iter().collect();
    });
}

/// Leaves some of the resources or flows out, so that cases get smaller.
fn thin_out(case: &mut Value, rng: &mut Rng) {
    let Value::Record(parts) = case else { return };
    let Some((_, Value::List(list))) = rng.choice(parts) else {
        return;
    };
    let keeps = rng.u8(128..=255);
    list.retain(|_| rng.u8(..) <= keeps);
}
