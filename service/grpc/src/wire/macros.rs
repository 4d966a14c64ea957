//! The declarations: one line a message, an enum or a oneof, which expand to both directions.

/// Declares messages: `record = message { fields }`. A field `as` something goes through that adapter.
macro_rules! message {
    ($($model:path = $wire:path { $($field:ident $(as $adapter:ident)?),* $(,)? })*) => {
        $(
            impl $crate::wire::Wire<$wire> for $model {
                fn parse(wire: $wire, faults: &mut $crate::faults::Faults) -> Option<Self> {
                    type Message = $wire;
                    let Message { $($field),* } = wire;
                    // All fields are read before the first that failed ends it, so that every fault is noted.
                    $(let $field = $crate::wire::macros::message!(@parse faults $field $($adapter)?);)*
                    Some(Self { $($field: $field?),* })
                }

                fn render(&self) -> $wire {
                    type Message = $wire;
                    let Self { $($field),* } = self;
                    Message { $($field: $crate::wire::macros::message!(@render $field $($adapter)?)),* }
                }
            }

            $crate::wire::macros::required!($model = $wire);
        )*
    };
    (@parse $faults:ident $field:ident) => {
        $faults.field(stringify!($field), |faults| $crate::wire::Wire::parse($field, faults))
    };
    (@parse $faults:ident $field:ident $adapter:ident) => {
        $crate::wire::adapters::$adapter::parse(stringify!($field), $field, $faults)
    };
    (@render $field:ident) => { $crate::wire::Wire::render($field) };
    (@render $field:ident $adapter:ident) => { $crate::wire::adapters::$adapter::render($field) };
}

/// Makes a message required where a record holds it without an option.
macro_rules! required {
    ($model:path = $wire:path) => {
        impl $crate::wire::Wire<Option<$wire>> for $model {
            fn parse(wire: Option<$wire>, faults: &mut $crate::faults::Faults) -> Option<Self> {
                match wire {
                    Some(wire) => $crate::wire::Wire::parse(wire, faults),
                    None => faults.missing("a message"),
                }
            }

            fn render(&self) -> Option<$wire> {
                Some($crate::wire::Wire::render(self))
            }
        }
    };
}

/// Declares enums: `enum = enum, absent Variant` (or `required`) `{ variants }`.
macro_rules! names {
    ($($model:path = $wire:path, $absence:ident $($absent:ident)? { $($variant:ident),* $(,)? })*) => {
        $(
            impl $crate::wire::Name for $model {
                const ABSENT: Option<Self> = $crate::wire::macros::names!(@$absence $($absent)?);
                const WORDS: &'static str = $crate::wire::macros::last_segment(stringify!($wire));

                fn from_number(number: i32) -> Option<Option<Self>> {
                    use $model as Model;
                    use $wire as Number;
                    Some(match Number::try_from(number).ok()? {
                        Number::Unspecified => None,
                        $(Number::$variant => Some(Model::$variant),)*
                    })
                }

                fn number(self) -> i32 {
                    use $model as Model;
                    use $wire as Number;
                    let number = match self {
                        $(Model::$variant => Number::$variant,)*
                    };
                    number.into()
                }
            }
        )*
    };
    (@required) => { None };
    (@absent $variant:ident) => { Some(Self::$variant) };
}

/// Declares oneofs whose members each have a variant: `choice = oneof { Member "its field" Variant }`.
macro_rules! oneof {
    ($($model:path = $wire:path { $($member:ident $field:literal $variant:ident),* $(,)? })*) => {
        $(
            impl $crate::wire::Wire<$wire> for $model {
                fn parse(wire: $wire, faults: &mut $crate::faults::Faults) -> Option<Self> {
                    use $model as Model;
                    use $wire as Member;
                    match wire {
                        $(Member::$member(held) => faults.field($field, |faults| $crate::wire::Wire::parse(held, faults)).map(Model::$variant),)*
                    }
                }

                fn render(&self) -> $wire {
                    use $model as Model;
                    use $wire as Member;
                    match self {
                        $(Model::$variant(held) => Member::$member($crate::wire::Wire::render(held)),)*
                    }
                }
            }
        )*
    };
}

pub(crate) use {message, names, oneof, required};

/// The last segment of a path as `stringify!` writes it, which puts blanks between segments or does not.
pub(crate) const fn last_segment(path: &'static str) -> &'static str {
    let mut rest = path.as_bytes();
    let mut segment = rest;
    while let Some((&first, tail)) = rest.split_first() {
        if matches!(first, b':' | b' ') {
            segment = tail;
        }
        rest = tail;
    }
    match std::str::from_utf8(segment) {
        Ok(segment) => segment,
        Err(_) => path,
    }
}
