//! A resource seen through its fields: the one generic view that the store's records, differences and patches are made from.
//!
//! This is not a serialization: it knows no bytes, no order on disk and no versions. Names of fields are the contract's.

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing: a missing option, an empty list, `false`.
    Absent,
    /// `true`.
    True,
    /// A whole number.
    Number(i64),
    /// A text, or anything that is written as one (ids, addresses, names of variants).
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// Named fields, without those that are absent.
    Record(Vec<(FieldName, Value)>),
}

/// Name of a field: the contract's, in snake_case.
pub type FieldName = std::borrow::Cow<'static, str>;

/// Why a value is not what a field takes.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FieldError {
    /// A field that must be there is not.
    #[error("field `{field}` is missing")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field that is not known.
    #[error("field `{field}` is not known")]
    Unknown {
        /// Its name.
        field: String,
    },
    /// The value is of another shape.
    #[error("expected {expected}, found {found}")]
    Shape {
        /// The shape it should have.
        expected: &'static str,
        /// The shape it has.
        found: &'static str,
    },
    /// The text cannot be read as what it should be.
    #[error("`{text}` cannot be read: {reason}")]
    Text {
        /// The text.
        text: String,
        /// Why not.
        reason: String,
    },
    /// The number is out of its range.
    #[error("{number} is out of range")]
    Range {
        /// The number.
        number: i64,
    },
}

impl Value {
    /// Reads a text.
    ///
    /// # Errors
    /// [`FieldError`] if this is no text, or not one that `T` reads.
    pub fn parse_text<T>(self) -> Result<T, FieldError>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let text = String::from_value(self)?;
        text.parse().map_err(|error: T::Err| FieldError::Text {
            reason: error.to_string(),
            text,
        })
    }

    fn shape(&self) -> &'static str {
        match self {
            Self::Absent => "nothing",
            Self::True => "true",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Record(_) => "a record",
        }
    }

    pub(crate) fn mismatch(&self, expected: &'static str) -> FieldError {
        FieldError::Shape {
            expected,
            found: self.shape(),
        }
    }
}

/// Something that can be a field.
pub trait Field: Sized {
    /// What the field holds.
    fn to_value(&self) -> Value;

    /// The field that holds this.
    ///
    /// # Errors
    /// [`FieldError`] if the value is not one of this type.
    fn from_value(value: Value) -> Result<Self, FieldError>;

    /// What a missing field stands for, if it may be missing.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Field> Field for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Absent, T::to_value)
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        T::from_value(value).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Field> Field for Box<T> {
    fn to_value(&self) -> Value {
        T::to_value(self)
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        T::from_value(value).map(Self::new)
    }
}

impl<T: Field> Field for Vec<T> {
    fn to_value(&self) -> Value {
        if self.is_empty() {
            Value::Absent
        } else {
            Value::List(self.iter().map(T::to_value).collect())
        }
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        if let Value::List(items) = value {
            let items: Result<Self, FieldError> = items.into_iter().map(T::from_value).collect();
            items.map(|mut items| {
                // There are millions of short lists, and collecting leaves room for more.
                items.shrink_to_fit();
                items
            })
        } else {
            Err(value.mismatch("a list"))
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

impl Field for bool {
    fn to_value(&self) -> Value {
        if *self { Value::True } else { Value::Absent }
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        if value == Value::True {
            Ok(true)
        } else {
            Err(value.mismatch("true"))
        }
    }

    fn absent() -> Option<Self> {
        Some(false)
    }
}

/// A choice that AWS has a default for: given as true or false, or not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Setting {
    /// Not given: AWS's default holds.
    #[default]
    Default,
    /// On.
    On,
    /// Off.
    Off,
}

impl Setting {
    /// Whether it is on, given AWS's default.
    #[must_use]
    pub fn or(self, default: bool) -> bool {
        match self {
            Self::Default => default,
            Self::On => true,
            Self::Off => false,
        }
    }
}

impl Field for Setting {
    fn to_value(&self) -> Value {
        match self {
            Self::Default => Value::Absent,
            Self::On => Value::Text("on".to_owned()),
            Self::Off => Value::Text("off".to_owned()),
        }
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        let text = String::from_value(value)?;
        match text.as_str() {
            "on" => Ok(Self::On),
            "off" => Ok(Self::Off),
            _ => Err(FieldError::Text {
                text,
                reason: "expected `on` or `off`".to_owned(),
            }),
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::Default)
    }
}

impl Field for String {
    fn to_value(&self) -> Value {
        if self.is_empty() {
            Value::Absent
        } else {
            Value::Text(self.clone())
        }
    }

    fn from_value(value: Value) -> Result<Self, FieldError> {
        if let Value::Text(text) = value {
            Ok(text)
        } else {
            Err(value.mismatch("a text"))
        }
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Field for $number {
            fn to_value(&self) -> Value {
                i64::try_from(*self).map_or_else(|_| Value::Text(self.to_string()), Value::Number)
            }

            fn from_value(value: Value) -> Result<Self, FieldError> {
                match value {
                    Value::Number(number) => Self::try_from(number).map_err(|_| FieldError::Range { number }),
                    Value::Text(_) => value.parse_text(),
                    Value::Absent | Value::True | Value::List(_) | Value::Record(_) => Err(value.mismatch("a number")),
                }
            }
        })*
    };
}

numbers!(u16, u32, u64, i32);

macro_rules! texts {
    ($($text:ty),*) => {
        $(impl Field for $text {
            fn to_value(&self) -> Value {
                Value::Text(self.to_string())
            }

            fn from_value(value: Value) -> Result<Self, FieldError> {
                value.parse_text()
            }
        })*
    };
}

texts!(IpAddr, IpNet);

/// The fields of a record while they are read.
#[derive(Debug)]
pub struct Reader {
    fields: Vec<(FieldName, Value)>,
}

impl Reader {
    /// Opens a record.
    ///
    /// # Errors
    /// [`FieldError`] if the value is no record.
    pub fn open(value: Value) -> Result<Self, FieldError> {
        if let Value::Record(fields) = value {
            Ok(Self { fields })
        } else {
            Err(value.mismatch("a record"))
        }
    }

    /// Takes one field out.
    ///
    /// # Errors
    /// [`FieldError`] if it is missing and may not be, or holds another type.
    pub fn take<T: Field>(&mut self, name: &'static str) -> Result<T, FieldError> {
        match self.fields.iter().position(|(found, _)| found == name) {
            Some(index) => T::from_value(self.fields.swap_remove(index).1),
            None => T::absent().ok_or(FieldError::Missing { field: name }),
        }
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`FieldError`] if a field is left over, which then is not known.
    pub fn close(mut self) -> Result<(), FieldError> {
        self.fields.pop().map_or(Ok(()), |(field, _)| {
            Err(FieldError::Unknown {
                field: field.into_owned(),
            })
        })
    }
}

/// Makes a record: a struct with public fields that can be seen through [`Field`].
macro_rules! record {
    ($($(#[$meta:meta])* pub struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub struct $name {
                $(
                    $(#[$field_meta])*
                    #[doc = concat!("Field `", stringify!($field), "` of the contract's message.")]
                    pub $field: $type,
                )*
            }

            impl $crate::fields::Field for $name {
                fn to_value(&self) -> $crate::fields::Value {
                    let mut fields = Vec::new();
                    $(
                        let value = $crate::fields::Field::to_value(&self.$field);
                        if value != $crate::fields::Value::Absent {
                            fields.push((std::borrow::Cow::Borrowed($crate::fields::plain_name(stringify!($field))), value));
                        }
                    )*
                    $crate::fields::Value::Record(fields)
                }

                fn from_value(value: $crate::fields::Value) -> Result<Self, $crate::fields::FieldError> {
                    let mut reader = $crate::fields::Reader::open(value)?;
                    let record = Self { $($field: reader.take($crate::fields::plain_name(stringify!($field)))?,)* };
                    reader.close()?;
                    Ok(record)
                }
            }
        )*
    };
}

/// Makes an enum of names.
macro_rules! enumeration {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub enum $name {
                $(
                    $(#[$variant_meta])*
                    #[doc = concat!("`", $text, "`")]
                    $variant,
                )*
            }

            impl $name {
                /// All variants, in order.
                pub const ALL: &'static [Self] = &[$(Self::$variant),*];

                /// Name of the variant.
                #[must_use]
                pub fn as_str(self) -> &'static str {
                    match self {
                        $(Self::$variant => $text,)*
                    }
                }
            }

            impl std::fmt::Display for $name {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str(self.as_str())
                }
            }

            impl $crate::fields::Field for $name {
                fn to_value(&self) -> $crate::fields::Value {
                    $crate::fields::Value::Text(self.as_str().to_owned())
                }

                fn from_value(value: $crate::fields::Value) -> Result<Self, $crate::fields::FieldError> {
                    let text = String::from_value(value)?;
                    Self::ALL.iter().copied().find(|variant| variant.as_str() == text)
                        .ok_or_else(|| $crate::fields::FieldError::Text { text, reason: concat!("no ", stringify!($name)).to_owned() })
                }
            }
        )*
    };
}

/// Makes an enum whose variants each hold one thing, or nothing.
macro_rules! choice {
    ($($(#[$meta:meta])* pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident $(($type:ty))? = $text:literal,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Debug, Clone, PartialEq, Eq)]
            pub enum $name {
                $(
                    $(#[$variant_meta])*
                    #[doc = concat!("`", $text, "`")]
                    $variant $(($type))?,
                )*
            }

            impl $crate::fields::Field for $name {
                fn to_value(&self) -> $crate::fields::Value {
                    match self {
                        $(choice!(@pattern $variant, held $(, $type)?) => choice!(@value $text, held $(, $type)?),)*
                    }
                }

                fn from_value(value: $crate::fields::Value) -> Result<Self, $crate::fields::FieldError> {
                    let (text, held) = $crate::fields::open_choice(value)?;
                    match text.as_ref() {
                        $($text => choice!(@read $variant, held $(, $type)?),)*
                        _ => Err($crate::fields::FieldError::Text { text: text.into_owned(), reason: concat!("no ", stringify!($name)).to_owned() }),
                    }
                }
            }
        )*
    };
    (@pattern $variant:ident, $held:ident) => { Self::$variant };
    (@pattern $variant:ident, $held:ident, $type:ty) => { Self::$variant($held) };
    (@value $text:literal, $held:ident) => { $crate::fields::Value::Text($text.to_owned()) };
    (@value $text:literal, $held:ident, $type:ty) => {
        $crate::fields::Value::Record(vec![(std::borrow::Cow::Borrowed($text), $crate::fields::Field::to_value($held))])
    };
    (@read $variant:ident, $held:ident) => {{ let _ = $held; Ok(Self::$variant) }};
    (@read $variant:ident, $held:ident, $type:ty) => { <$type as $crate::fields::Field>::from_value($held).map(Self::$variant) };
}

pub(crate) use {choice, enumeration, record};

/// The name of a field without the mark of a raw identifier: `type` for `r#type`.
#[must_use]
pub fn plain_name(name: &'static str) -> &'static str {
    name.strip_prefix("r#").unwrap_or(name)
}

/// Takes a choice apart into the name of its variant and what it holds.
///
/// # Errors
/// [`FieldError`] if the value is neither a text nor a record of one field.
pub fn open_choice(value: Value) -> Result<(FieldName, Value), FieldError> {
    match value {
        Value::Text(text) => Ok((FieldName::Owned(text), Value::Absent)),
        Value::Record(mut fields) if fields.len() == 1 => {
            fields.pop().ok_or(FieldError::Missing { field: "choice" })
        }
        Value::Absent | Value::True | Value::Number(_) | Value::List(_) | Value::Record(_) => {
            Err(value.mismatch("a choice of one"))
        }
    }
}

#[cfg(test)]
mod tests;
